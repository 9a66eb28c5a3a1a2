"""got_desktop in Krita and GIMP: `common` is what both use, `krita` and `gimp` are theirs, the rest installs them."""
