# Before the files go, and not before an upgrade: prerm of .deb, %preun of .rpm.
case ${1:-} in
  remove | 0) ;;
  *) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
  systemctl disable --now custom-misp-serve.service custom-misp-follow.service custom-misp-flush.timer || true
fi
if has_wazuh; then sh /usr/lib/custom-misp/install.sh --uninstall; fi
