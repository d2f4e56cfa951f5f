# Stands for wazuh-integratord 4.14 (docs/contracts/wazuh.md 1.3, 1.4, 1.5, 1.6): takes alerts on standard input, a
# line each, and calls the integration for one after the other. Started as Wazuh's user, with nothing in
# its environment. Prints for each call: exit code or signal, a tab, what it said.
# Perl, since argv[0] is to be the literal "integrations", and every Debian has it.
use strict;
use warnings;
use POSIX ();

my ($root, $name, $api_key, $hook_url) = @ARGV;
my $program = "integrations/$name";
chdir $root or die "chdir $root: $!";
umask 027;
$| = 1;
while (my $alert = <STDIN>) {
  my $file = sprintf "/tmp/%s-%d-%d.alert", $name, time, int(rand(2**32)) - 2**31;
  open my $out, ">", $file or die "$file: $!";
  print $out $alert;
  close $out;

  pipe my $read, my $write or die "pipe: $!";
  my $pid = fork // die "fork: $!";
  if ($pid == 0) {
    POSIX::setsid();
    # W_CHECK_WRITE: what Wazuh's user could change is not run.
    POSIX::_exit(127) if -w $program;
    open STDIN, "<", "/dev/null" or POSIX::_exit(126);
    open STDOUT, ">&", $write or POSIX::_exit(126);
    open STDERR, ">&", $write or POSIX::_exit(126);
    %ENV = ();
    my @args = ($file, $api_key, $hook_url, "", "", "10", "3", "> /dev/null 2>&1");
    exec { $program } "integrations", @args or POSIX::_exit(127);
  }
  close $write;
  # To its end, which a child that keeps it open delays; then the program's.
  my $said = join "", <$read>;
  close $read;
  waitpid $pid, 0;
  my $ended = $? & 127 ? "signal " . ($? & 127) : $? >> 8;
  unlink $file or die "unlink $file: $!";
  $said =~ s/\s+/ /g;
  print "$ended\t$said\n";
}
