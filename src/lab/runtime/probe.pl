#!/usr/bin/perl
# Tries new TCP connections, all at once. Reads "ID FROM FROMPORT TO PORT TIMEOUT_MS" lines (- for any);
# prints "ID STATUS MS TEXT" lines: what was answered, or the error.
use strict;
use warnings;
use Errno qw(EINPROGRESS ECONNREFUSED ETIMEDOUT EHOSTUNREACH ENETUNREACH ECONNRESET);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use POSIX ();
use Socket qw(:DEFAULT SO_REUSEPORT inet_pton pack_sockaddr_in6 AF_INET6);

my $tick_ms = 1000 / POSIX::sysconf(POSIX::_SC_CLK_TCK());
my %status = (
    ECONNREFUSED, 'refused', ETIMEDOUT, 'timeout', ECONNRESET, 'reset',
    EHOSTUNREACH, 'unreachable', ENETUNREACH, 'unreachable',
);
my (%connecting, %waiting);

sub now { return (POSIX::times())[0] * $tick_ms }

sub pack_address { # address, port -> family, packed socket address
    my ($address, $port) = @_;
    my $family = $address =~ /:/ ? AF_INET6 : AF_INET;
    my $packed = inet_pton($family, $address);
    return ($family, $family == AF_INET ? pack_sockaddr_in($port, $packed) : pack_sockaddr_in6($port, $packed));
}

sub finish { # probe, status, text
    my ($probe, $status, $text) = @_;
    printf "%s %s %d %s\n", $probe->{id}, $status, now() - $probe->{start}, $text =~ s/[^ -~]/?/gr;
    delete $_->{ fileno $probe->{socket} } for \%connecting, \%waiting;
    close $probe->{socket};
}

sub fail { # probe: ends it by the reason in $!
    my ($probe) = @_;
    finish($probe, $status{ $! + 0 } // 'error', "$!");
}

my @requests = map { [split] } <STDIN>;
for (@requests) {
    my ($id, $from, $from_port, $to, $port, $timeout) = @$_;
    my ($family, $target) = pack_address($to, $port);
    my $any = $family == AF_INET ? '0.0.0.0' : '::';
    socket(my $socket, $family, SOCK_STREAM, 0) or die "socket: $!\n";
    my $probe = { id => $id, socket => $socket, start => now(), end => now() + $timeout };
    # A source port is free again at once: no waiting state is left, and a server may have the same one.
    setsockopt($socket, SOL_SOCKET, $_, 1) for SO_REUSEADDR, SO_REUSEPORT;
    setsockopt($socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0);
    fcntl($socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK);
    if ("$from$from_port" ne '--') {
        my (undef, $source) = pack_address($from eq '-' ? $any : $from, $from_port eq '-' ? 0 : $from_port);
        if (!bind $socket, $source) {
            finish($probe, 'error', "bind: $!");
            next;
        }
    }
    if (connect($socket, $target) || $! == EINPROGRESS) {
        $connecting{ fileno $socket } = $probe;
    }
    else {
        fail($probe);
    }
}

while (%connecting || %waiting) {
    my ($readable, $writable, $soonest) = ('', '', undef);
    for my $probe (values %connecting, values %waiting) {
        $soonest = $probe->{end} if !defined $soonest || $probe->{end} < $soonest;
    }
    vec($writable, $_, 1) = 1 for keys %connecting;
    vec($readable, $_, 1) = 1 for keys %waiting;
    my $pause = $soonest - now();
    my $found = select $readable, $writable, undef, $pause > 0 ? $pause / 1000 : 0;
    if ($found > 0) {
        for my $probe (map { $connecting{$_} } grep { vec($writable, $_, 1) } keys %connecting) {
            $! = unpack 'i', getsockopt $probe->{socket}, SOL_SOCKET, SO_ERROR;
            if ($!) {
                fail($probe);
                next;
            }
            $waiting{ fileno $probe->{socket} } = delete $connecting{ fileno $probe->{socket} };
        }
        for my $probe (map { $waiting{$_} } grep { vec($readable, $_, 1) } keys %waiting) {
            my $got = sysread $probe->{socket}, my $answer, 256;
            if    (!defined $got) { fail($probe) }
            elsif (!$got)         { finish($probe, 'reset', 'closed without an answer') }
            else                  { finish($probe, 'open', (split /[\r\n]/, $answer)[0] // '') }
        }
    }
    finish($_, 'timeout', 'no answer') for grep { $_->{end} <= now() } values %connecting, values %waiting;
}
