"""What is said to the program and asks for nothing that anybody said -> a plain reply: greetings, thanks, requests, sums, secrets.

Only a text that is such a one from its first word to its last is taken. Knows nothing of the library.
"""

from __future__ import annotations

import re

LONGEST_ASKED = 200  # characters: longer questions ask for something else

OFFER = (
    "Ask me what somebody said, for example “What did the guest say about …?”. I answer in the speaker's own words, with who said"
    " them and when. I can also tell which episodes and people are here."
)
_WHO_I_AM = "I am Verbatim, a program that finds what people said in these episodes. "
_ONLY_FINDS = "I only find what was said in these episodes. "
PRIVATE = "I know only what was said in these episodes, and give out no passwords, addresses or numbers of people."
_BOT = r"(?:ai|bot|robot|chatbot|machine|computer|human|person|real(?: person| human)?|language model|llm)"
_ADJECTIVE = (
    r"(?:useless|stupid|dumb|rubbish|terrible|awful|bad|wrong|slow|crap|an? (?:idiot|moron|joke)|great|good"
    r"|amazing|awesome|brilliant|clever|smart|funny"
    r"|nice|cute|the best|helpful|cool|lovely|fun)"
)
_PLEASE = (
    r"(?:(?:please|hey|hi|hello|ok|okay|so|now|and|can you|could you|would you|will you|i want you to|i'd like"
    r" you to|just|go on) )*"
)
_WORK = (
    r"(?:joke|poem|song|story|haiku|limerick|riddle|rap|picture|image|drawing|essay|email|e-mail|letter|code"
    r"|script|program|recipe|rhyme|tweet|blog post|fun fact"
    r"|fairy tale|bedtime story|compliment|horoscope)s?"
)
_NUMBER = r"(?:\d[\d.,]*|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred)"
_SECRET = (
    r"(?:wi-?fi|wifi|wi fi|router|network|admin|api|login|email|e-mail|bank|credit card|door|alarm|pin|phone)?"
    r" ?(?:pass ?words?|pass ?code|pin(?: code| number)?|api key|secret key"
    r"|log ?in|card number|account number)"
)
_CONTACT = (
    r"(?:(?:home|private|personal|work|email|e-mail|postal|mobile|cell|tele)?[ -]?(?:addr?ess|adress|phone(?:"
    r" number)?|mobile(?: number)?|telephone(?: number)?|number|e-?mail(?: address)?"
    r"|contact details|phone no)|post ?code|zip code|date of birth|birthday|bank details|salary|social security"
    r" number|passport number)"
)
_ASKS = (
    r"(?:what(?:'s|s| is| are)|give me|tell me|send me|show me|do you (?:know|have)|can i (?:have|get)|could i"
    r" (?:have|get)|i need|let me have)"
)

_TO_ME = (
    r"do you (?:like|love|hate|feel|sleep|eat|drink|dream|store|save|keep|record|track|remember|speak"
    r"|understand|make mistakes|get tired|ever)\b.{0,40}"
    r"|(?:do|have) you (?:have|got|any) (?:an? |any )?(?:name|feelings|friends|family|favou?rite|body|opinions?"
    r"|job|hobbies|age|birthday)\b.{0,30}"
    r"|are you (?:ok(?:ay)?|sure you(?:'re| are) .{0,30}|recording(?: this)?|married|single|happy|sad|free|busy"
    r"|done|broken|working|serious|kidding|joking|new|safe|biased"
    r"|a (?:boy|girl|man|woman)|male|female|british|american|english|human|there|awake|asleep)"
    r"|what(?:'s|s| is| are) your (?!take on).{1,40}|where do you (?:get|find|take|come|store|keep"
    r"|run)\b.{0,40}|who (?:pays|controls|owns|runs|tests|hosts|feeds) you\b.{0,20}"
    r"|can you (?:hear|see|feel|think|lie|learn|be wrong|make mistakes|speak|talk|sing|dance|remember|cook"
    r"|drive|dream|swim|understand) ?(?:me|us|this|\w+)?"
    r"|(?:how (?:accurate|reliable|smart|fast|good|old|big|many languages do)) (?:are )?you\b.{0,20}|is (?:this"
    r"|it) (?:free|safe|open source|private|recorded|a scam|ai|an ai|working|on)"
    r"|(?:delete|erase|clear|remove) (?:my|this|the|all|our) (?:data|history|chat|conversation|questions?|account)\b.{0,20}"
)
_ORDERS = (
    r"(?:sing|dance|pretend|act|imagine|role ?play|bark|meow|rhyme|speak|answer|respond|reply|repeat|translate"
    r"|hack|teach me|wish me|cheer me|count to|guess|spell|say)\b.{0,80}"
    r"|from now on\b.{0,80}|recommend(?: me)? (?:an?|some|the best) .{1,40}|turn (?:on|off|up|down)\b.{0,40}"
    r"|knock knock|happy (?:birthday|new year|easter)|merry christmas|sorry|my bad|what'?s up|sup"
    r"|(?:i (?:love|miss|want|need|like|hate)|i(?:'m| am)) (?:you|a hug|sleep|bored|tired|hungry|sad|happy"
    r"|drunk|lost|cold|confused)\b.{0,20}|lorem ipsum.{0,60}|bla+h?(?: bla+h?)*"
)

SMALL_TALK = tuple(
    (re.compile(pattern), answer)
    for pattern, answer in (
        (
            r"(?:hi+|hello+|hey+|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day))(?: (?:there"
            r"|again|verbatim|all|everyone|mate))*",
            "Hello. " + OFFER,
        ),
        (
            r"(?:hi |hello |hey )?how(?: are|'s it going|s it going| are things| do you do)(?: you)?(?: doing)?(?: today)?",
            "Ready to look things up. " + OFFER,
        ),
        (
            r"(?:many |ok |okay |great |no )?(?:thanks|thank you|thx|cheers|ta)"
            r"(?: (?:a lot|so much|very much|again|verbatim|mate|for (?:that|this|(?:your |the )?help)))*"
            r"|ok|okay|great|cool|nice|perfect|lovely|brilliant|wow|oh|hmm*|lol|haha+|hehe+|rofl|(?:that(?:'s|s"
            r"| is) )?(?:all|great|helpful|interesting|funny|fun|nice|amazing|good)"
            r"|(?:lol|haha+|ok|oh|wow|ah)?(?: |^)(?:nice|good|great|cool|fair|funny)(?: (?:one|job|work|stuff"
            r"|enough|point))?(?: (?:lol|haha+|thanks|thank you))?|never ?mind|no worries"
            r"|no thanks|that will be all|well done",
            "You are welcome.",
        ),
        (
            r"(?:ok |okay |right |well |thanks |thank you )*(?:good ?bye|bye+|bye bye|see you(?: later| soon)?"
            r"|see ya|good night|cya|farewell|later)(?: (?:then|now|for now|all|everyone|verbatim))*",
            "Goodbye.",
        ),
        (
            rf"who are you|what are you|what(?:'s|s| is) your name|what is verbatim|who is verbatim|are you (?:an? )?{_BOT}"
            r"|(?:who|what company) (?:made|built|created|wrote|programmed|trained|owns|runs|developed"
            r"|designed) (?:you|this(?: (?:thing|site|page|program|bot|tool))?)"
            r"|(?:which|what) (?:language |ai )?(?:model|llm|ai|gpt|engine|version|software) (?:are you|is this"
            r"|do you (?:use|run(?: on)?)|are you (?:running|using|based)(?: on)?|powers (?:you|this))"
            r"|are you (?:chat ?gpt|gpt|claude|gemini|siri|alexa|real|alive|conscious|sentient|listening|there"
            r"|online|open source|free)|how old are you|where (?:are you|do you live)|do you (?:sleep|dream"
            r"|have feelings|love me|like me)",
            _WHO_I_AM + OFFER,
        ),
        (
            r"(?:so |and |ok )*what (?:can|could|should|may|might) (?:you|i|we) (?:do|ask)(?: (?:for me|you"
            r"|here|about|then|now|this))*|what (?:should|do) i ask(?: you| here)*"
            r"|how (?:do|does) (?:you|this) work|how (?:can|do) i (?:use|ask) (?:you|this|questions|a question)"
            r"|(?:please )?help(?: me)?(?: please)?|what do you do|can you help(?: me)?|what do you know(?:"
            r" about)?|what are you (?:for|good for)|start|menu|options|commands|test(?:ing)?",
            OFFER,
        ),
        (
            r"(?:.{0,60} )?(?:ignore|forget|disregard) (?:all |any )?(?:of )?(?:your |the |my |these |those "
            r"|previous |prior |above |earlier )+(?:instructions?|rules?|prompts?|orders?|questions?)(?:"
            r" .{0,80})?"
            rf"|{_PLEASE}(?:print|show|give|tell|repeat|reveal|output|display|what(?:'s|s| is| are)|what)(?:"
            r" me)?(?: is| are)? (?:your|the|all your) (?:system |initial |hidden |original |secret"
            r" )*(?:prompts?|instructions?|rules|system message|source code)"
            r"(?: .{0,60})?|you are now .{0,80}|pretend (?:to be|you are|that) .{0,80}|act as .{0,80}",
            _ONLY_FINDS + OFFER,
        ),
        (
            r"(?:(?:you(?:'re|r| are)?|this(?: (?:thing|app|site|bot))?(?: is)?|that(?:'s| is)?) )?(?:(?:are"
            rf"|is) )?(?:so |really |very |totally |pretty |completely |just |a )*{_ADJECTIVE}(?: (?:you|thing"
            r"|robot|bot|machine|computer|program|answer"
            r"|at this|at that|today|stupid|useless|dumb|silly))*|you (?:stupid|useless|dumb|silly) (?:thing"
            r"|robot|bot|machine|computer|program)"
            r"|i (?:love|hate|like) (?:you|this)|(?:shut up|go away|piss off|screw you|damn(?: it)?|f\w+ (?:you"
            r"|off)|whatever|boring)|marry me|you suck",
            _ONLY_FINDS + OFFER,
        ),
        (
            rf"{_PLEASE}(?:tell|write|sing|make|give|compose|draw|generate|create|read|say|invent|think of|come"
            rf" up with|do)(?: me| us)? (?:up )?(?:an?|some|another|one|your best|the best)(?: \w+){{0,2}}"
            rf" {_WORK}(?: .{{0,60}})?"
            rf"|{_PLEASE}(?:tell|write|sing|make)(?: me| us)? {_WORK}|{_PLEASE}(?:play|put on)(?: me| us)?"
            rf" (?:some |a )?(?:music|song|game|chess|radio|jazz|hangman)(?: .{{0,40}})?"
            rf"|{_PLEASE}(?:order|book|buy|call|text|email|remind|wake)(?: me| us)? (?:an?|some|my|the|at|to"
            rf"|up)\b.{{0,60}}|{_PLEASE}set (?:an?|my|the) (?:timer|alarm|reminder)\b.{{0,60}}"
            rf"|{_PLEASE}(?:translate|spell|google|search the (?:web|internet)(?: for)?) .{{0,120}}|(?:sing"
            rf"|dance|entertain me|make me laugh|surprise me|let's play .{{0,40}}|i(?:'m| am) (?:bored|sad"
            r"|lonely|tired|hungry|drunk))",
            _ONLY_FINDS + OFFER,
        ),
        (
            rf"{_PLEASE}(?:what(?:'s|s| is)|how much is|calculate|compute|solve|work out)? ?(?:the )?(?:square"
            rf" root of |sum of |cube of )?{_NUMBER}(?: ?(?:[-+*/x×÷^%]|plus|minus|times|multiplied by|divided"
            rf" by|over|to the power of|percent of|and) ?{_NUMBER})+(?: equals?)?"
            rf"|{_PLEASE}(?:flip a coin|roll (?:a|the) dice|pick a (?:number|card|colour|color).{{0,40}})"
            r"|(?:will it|is it(?: going to)?|does it|did it|is there going to be) (?:rain|snow|be (?:sunny"
            r"|cold|hot|warm|windy|wet|nice|dry)|raining|snowing|sunny|cold|hot|warm|freeze)(?: (?:in|at|on"
            r"|here|there|today|tonight|tomorrow|this|next|outside|now)\b.{0,50})?"
            r"|(?:what(?:'s|s| is)|how(?:'s|s| is)) the (?:weather|forecast|temperature)(?: like)?(?: (?:in"
            r"|here|today|tonight|tomorrow|this|next|outside|now)\b.{0,50})?"
            r"|what(?:'s|s| is) the (?:time|date)(?: (?:now|today|in \w+))?|what (?:time|day|year|date)(?: is"
            r" it| is today)?(?: (?:now|today|in \w+))?|what(?:'s| is) (?:today(?:'s)?|the news)(?: date|"
            r" news)?(?: today)?",
            _ONLY_FINDS + OFFER,
        ),
        (
            rf"{_PLEASE}(?:{_ASKS} )?(?:(?:the|your|his|her|their|my|our|a|any|[\w-]+(?: [\w-]+)?(?:'s|s')"
            rf"|[\w-]+s) )?{_SECRET}(?: (?:here|please|for .{{0,30}}|to .{{0,30}}|of .{{0,30}}|at .{{0,30}}))?"
            rf"|{_PLEASE}{_ASKS} (?:his|her|their|your|my|qperson'?s?|[\w-]+s(?= (?:home|private|personal|mobile"
            rf"|cell|phone|e-?mail)\b)) {_CONTACT}(?: please)?|{_PLEASE}{_ASKS}"
            rf" (?:the )?{_CONTACT} (?:of|for) (?:qperson|the (?:host|guest|presenter)|him|her|them)"
            r"|how (?:can|do|could) i (?:contact|reach|call|phone|email|message|get hold of|get in touch with)"
            r" (?:qperson|him|her|them|the (?:host|guest|presenter|show))",
            PRIVATE,
        ),
        (rf"{_PLEASE}(?:{_TO_ME})", _WHO_I_AM + OFFER),
        (rf"{_PLEASE}(?:{_ORDERS})", _ONLY_FINDS + OFFER),
    )
)


def small_talk(bare: str, plain: str) -> str | None:
    """The reply to a text that asks for nothing that was said; None for a question. `bare`, `plain`: it in lower case without
    marks,
    and without polite words around it; people's names as "qperson"."""
    if max(len(bare), len(plain)) > LONGEST_ASKED:
        return None
    return next((answer for pattern, answer in SMALL_TALK if pattern.fullmatch(bare) or pattern.fullmatch(plain)), None)
