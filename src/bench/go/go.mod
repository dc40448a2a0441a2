module sluice.dev/bench/sender

go 1.19
