"""HTML and MJML that hold Liquid: read, compiled and inlined with every tag of Liquid set aside before and put back after."""
