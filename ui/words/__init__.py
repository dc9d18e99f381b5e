"""Every sentence that the pages show, to be translated here."""
