#!/bin/sh
for name; do echo "$name" >"$name"; done
