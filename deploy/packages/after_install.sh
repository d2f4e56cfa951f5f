# After the files are there: postinst of .deb, %post of .rpm.
case ${1:-} in
  configure | 1 | 2) ;;
  *) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
if ! has_wazuh || ! getent passwd wazuh >/dev/null; then
  echo "custom-misp: there is no Wazuh in /var/ossec; after you have installed it, run: custom-misp-hosts --apply"
  exit 0
fi
custom-misp-hosts --apply
lib=/usr/lib/custom-misp
# A binary that was compiled for its own hosts needs no others.
if [ -z "$(custom-misp-hosts)" ] &&
  grep -qaF -e "$(cat $lib/host_slot)" $lib/custom-misp_ssh_bruteforce-publish; then
  echo "custom-misp: the program may connect to no host yet; name your MISP, and then set it up:"
  echo "  custom-misp-hosts misp.example.org"
  echo "  custom-misp setup"
fi
