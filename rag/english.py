"""English word lists, named by their grammar, each with who uses it. The only place that a second language would begin at."""

from __future__ import annotations

from index.search.lexical import STOP_WORDS

# Verbs that take what somebody said or holds, in all their forms. question/people.py: who is asked about; question/plan.py.
SPEECH_VERBS = (
    "say|said|says|saying|think|thinks|thought|feel|feels|felt|believe|believes|believed|mention|mentions|mentioned|talk|talks|talked"
    "|tell|tells|told|explain|explains|explained|describe|describes|described|argue|argues|argued|claim|claims|claimed"
    "|recommend|recommends|recommended|suggest|suggests|suggested|propose|proposes|proposed|advise|advises|advised"
    "|predict|predicts|predicted|answer|answers|answered|discuss|discusses|discussed|admit|admits|admitted|speak|speaks|spoke"
    "|call|calls|called|compare|compares|compared|reckon|reckons|reckoned|state|states|stated|comment|comments|commented"
    "|ask|asks|asked|wonder|wonders|wondered|quote|quotes|quoted|agree|agrees|agreed|disagree|disagrees|disagreed|respond|responds|responded|reply|replies|replied|want|wants|wanted"
    "|present|presents|presented|introduce|introduces|introduced|put forward|raise|raises|raised|react|reacts|reacted"
    "|object|objects|objected"
    "|worry|worries|worried|complain|complains|complained|insist|insists|insisted|note|notes|noted|remark|remarks|remarked"
    "|stress|stresses|stressed|emphasise|emphasises|emphasised|emphasize|emphasizes|emphasized|point out|points out|pointed out"
    "|oppose|opposes|opposed|doubt|doubts|doubted"
    "|like|likes|liked|prefer|prefers|preferred|change|changed|promise|promises|promised|warn|warns|warned|offer|offered"
)

# What never is a name in a question. question/people.py and question/question.py.
NOT_NAMES = frozenset(
    """
    what who whom whose which when where why how did does do is are was were will would can could should may
    might must has have had the a an and or but if in on at of for to from with about by tell give show list
    name explain describe according summarize summarise compare was it's what's who's there any anyone please i
    everything every all find
    """.split()
)

# First names and surnames that are ordinary words too: in a question without capitals they need a speaker's place.
# question/people.py.
NAMES_THAT_ARE_WORDS = frozenset(
    """
    mark will may art grace rose hope faith bill sue pat rob jack drew dawn june april august summer autumn ray
    gene frank rich miles max page guy dean king young brown white green black gray grey bell cook baker smith
    price day long short stone wood woods field fields hill lake rivers bush ford carter mason fisher hunter
    taylor turner walker ward west east north south church park parks best love joy ivy olive pearl ruby amber
    jade violet daisy lily heather holly iris penny sky star chase chance christian cash dale earl glen harm
    lane peg reed robin sandy skip trip van wade
    """.split()
)

# Pronouns and nouns in a speaker's place that name nobody. question/question.py.
NOBODY = frozenset(
    """
    i you he she they we it this that these those there who whom what which anyone anybody someone somebody
    everyone everybody nobody people folks one each both all any some most others the a an his her their our
    your my its him them us me guest guests host hosts interviewer speaker speakers listener listeners experts
    critics
    """.split()
)

# Before a noun, so that what follows is no name. question/question.py.
ARTICLES = frozenset(["the", "a", "an", "this", "that"])

# Join the people of one question. question/plan.py.
CONJUNCTIONS = frozenset(["and", "or", "nor"])

# Say that something was said, and are not looked for. question/plan.py.
WORDS_ABOUT_TALK = frozenset(
    "said say says saying talk talked talks mention mentions mentioned about please now then before guests besides anything".split()
)

# Capitalised within a sentence, and no names. question/answer_type.py.
CAPITALISED_WORDS = frozenset(
    "I I'm I've I'll I'd Well Yes No Oh And But So Okay God Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
)

# Words of a follow-up that are no subject of their own. question/follow_up.py.
NO_SUBJECT = frozenset("other else one like mean same way really sort kind still long then how what".split())

# Before a surname. gate/clauses.py, gate/attribution.py.
TITLES = frozenset("mr mrs ms dr hon".split())

# Single words of speech, participles too. gate/attribution.py.
SPEECH_FORMS = frozenset(SPEECH_VERBS.split("|")) | frozenset(
    """added adds recalls recalled notes noted insists insisted remembers remembered points pointed
    calling saying telling explaining describing""".split()
)

# Words that open a sentence with a capital and name nobody. gate/attribution.py.
OPENERS = (
    frozenset(
        """according additionally although asked besides both despite even finally first furthermore generally here however
    indeed initially instead later moreover once one overall rather second since similarly sometimes still therefore though
    thus unlike until whereas whether yes yet""".split()
    )
    | TITLES
)

# Words that the search takes for grammar, and that claim something when somebody is reported to have said them.
CLAIMING_WORDS = frozenset(
    """recommend recommended suggest suggests suggested suggestion propose proposed conclude conclusion decide decided decision
    episode episodes podcast show say says said tell told talk talked talks talking speak spoke mention mentioned mentions
    discuss discussed describe described explain explained think thinks thought believe believed opinion view views state
    states stated comment comments""".split()
)

# Words of grammar, which no quote needs to support. gate/words.py, gate/order.py.
FUNCTION_WORDS = (STOP_WORDS - CLAIMING_WORDS) | frozenset(
    """much many lot lots too yet although though since whether rather even quite bit every each either another may
    might shall upon among within without cannot don't doesn't didn't isn't aren't wasn't weren't won't wouldn't
    can't couldn't shouldn't haven't hasn't hadn't i'm it's that's there's they're he's she's he'd she'd they'd
    he'll she'll they'll let one instead around roughly approximately way remain remains it'll that'll who's
    what's we've they've""".split()
)

# How it is said, and not what: "In the words of …", "… answers". Only beside who says it: "the bell remembers" claims
# something. gate/words.py.
SAYING_VERBS = frozenset(
    """say says said saying add adds added explain explains explained tell tells told telling ask asks asked answer answers
    answered mention mentions mentioned note notes noted reply replies replied""".split()
)

# The same with nouns and participles of reporting. gate/words.py.
REPORTING_WORDS = SAYING_VERBS | frozenset(
    """according adding admit admits admitted argue argues argued argument claim claims claimed comment comments
    conversation explaining explanation insist insists insisted interview listeners maintain maintains
    mentioning noting opinion point points pointed position put puts question quote quotes quoted quoting recall
    recalls recalled recalling reckon reckons reckoned remark remarks remarked remember remembers remembered
    report reports reported respond responds speak speaks spoke speaking state states stated stress stresses
    stressed emphasise emphasises emphasize emphasizes talk talks talked talking think thinks thought believe
    believes believed feel feels felt view views word words wonder wonders describe describes described
    describing calls called calling joke jokes confirm confirms acknowledge acknowledges reflect reflects
    discuss discusses discussing""".split()
)

# Stand for a noun said before. gate/words.py.
ANAPHORS = frozenset("it its it's she her she's he him his he's they them their they're those that's".split())

# Third persons as a subject. gate/words.py.
SUBJECT_PRONOUNS = frozenset("he she they".split())

# Nouns for who speaks. gate/words.py.
ROLE_NOUNS = frozenset("host guest interviewer interviewee presenter".split())

# Report a habit of saying: "my aunt always said", reported as "used to say". gate/order.py.
NARRATION_WORDS = frozenset("wrote writes written always often famously".split())

# The speaker about herself or with others. gate/order.py.
FIRST_PERSON = frozenset("i i'm i've i'd i'll me my mine we we're we've we'd we'll us our ours".split())

# Claim more than was said, unless one of them was said. gate/negation.py.
UNIVERSALS = frozenset(
    "all always every everybody everyone everything entire whole each most completely forever".split()
)

# Amounts that are no numeral. gate/numbers.py.
QUANTITIES = frozenset("half quarter dozen dozens twice double triple hundreds thousands millions".split())

# Before "one", where it counts nothing. gate/numbers.py.
DETERMINERS = frozenset("no the this that any each every which someone some only another".split())

# Said by everybody, no topic of anybody. search/person.py.
FILLERS = frozenset(
    """
    yeah yes okay well really actually right know mean sort kind lot bit little good great course also going go went
    come came back way much many every always never maybe even still something anything nothing everything make made
    get want one two three first last new old big put see look let need take took day year years time people
    """.split()
)
