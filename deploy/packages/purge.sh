# The postrm of .deb. The package's own files are gone by now, so all of install.sh follows these lines.
if [ "${1:-}" != purge ]; then exit 0; fi
rm -rf /etc/custom-misp
if ! has_wazuh; then exit 0; fi
set -- --uninstall --purge
