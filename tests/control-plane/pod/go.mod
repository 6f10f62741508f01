// What runs in the pods of `make test-pods`; it needs the standard library only.
module serin.dev/control-plane/pod

go 1.26.0
