//! A Bot API server in the process; knows nothing of us.
