"""The site: Flask, thin over the steps. Pages are files in `pages/`; words, templates and style are content (`templates/web`)."""
