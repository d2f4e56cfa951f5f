has_wazuh() {
  for folder in integrations queue etc logs; do [ -d "/var/ossec/$folder" ] || return 1; done
}
