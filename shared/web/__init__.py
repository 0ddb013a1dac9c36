"""The plain page that every service's own pages grow from: no outside assets, readable by everybody."""
