#!/bin/sh
echo asked
