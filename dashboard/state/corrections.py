"""Who corrects, what was corrected last, and the widgets of the history."""

from dashboard.state.keys import Key, UrlKey

BY = Key("corrected_by")  # a name, typed once; the browser keeps it
ENTRY = Key("correction")
HISTORY_PAGE = UrlKey("entry")
UPLOAD = Key("corrections_file")
LEFT_OUT = Key("left_out")
RENAME = Key("rename_class")
