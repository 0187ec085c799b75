"""Is anybody stuck? (being written)"""
