#!/usr/bin/perl
# Answers every TCP connection with the address and port that it reached, until standard input ends.
# usage: listen.pl ADDRESS PORT [ADDRESS PORT...]   Says "ready" when all are bound.
use strict;
use warnings;
use Socket qw(:DEFAULT SO_REUSEPORT inet_pton inet_ntop pack_sockaddr_in6 unpack_sockaddr_in6 AF_INET6);

my (%listening, %talking);
my $quit = 0;

sub name { # packed socket address -> "address port"
    my ($packed) = @_;
    my $family = sockaddr_family($packed);
    my ($port, $address) = $family == AF_INET ? unpack_sockaddr_in($packed) : unpack_sockaddr_in6($packed);
    return inet_ntop($family, $address) . " $port";
}

while (@ARGV) {
    my ($address, $port) = splice @ARGV, 0, 2;
    my $family = $address =~ /:/ ? AF_INET6 : AF_INET;
    my $packed = inet_pton($family, $address) or die "$address is no address\n";
    socket(my $socket, $family, SOCK_STREAM, 0) or die "socket: $!\n";
    # Both, so that probes may leave from these ports too.
    setsockopt($socket, SOL_SOCKET, $_, 1) or die "setsockopt: $!\n" for SO_REUSEADDR, SO_REUSEPORT;
    bind($socket, $family == AF_INET ? pack_sockaddr_in($port, $packed) : pack_sockaddr_in6($port, $packed))
        or die "$address port $port: $!\n";
    listen($socket, 511) or die "$address port $port: $!\n";
    $listening{ fileno $socket } = $socket;
}
$| = 1;
print "ready\n";

until ($quit) {
    my $readable = '';
    vec($readable, $_, 1) = 1 for 0, keys %listening, keys %talking;
    next if select($readable, undef, undef, undef) < 0;
    for my $number (grep { vec($readable, $_, 1) } keys %talking) {
        # Whatever comes, most likely the end: the probe's side closes first, so no TIME_WAIT stays here.
        close delete $talking{$number} unless sysread $talking{$number}, my $rest, 4096;
    }
    for my $number (grep { vec($readable, $_, 1) } keys %listening) {
        accept(my $socket, $listening{$number}) or next;
        syswrite $socket, 'lab ' . name(getsockname $socket) . "\n";
        $talking{ fileno $socket } = $socket;
    }
    $quit = 1 if vec($readable, 0, 1) && !sysread STDIN, my $rest, 4096;
}
