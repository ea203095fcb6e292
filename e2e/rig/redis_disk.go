package rig

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Disk is a small disk that can be full. It is unmounted at the test's end.
type Disk struct {
	t   testing.TB
	dir string
}

// NewDisk mounts one of so many MiB, in memory. That needs the rights of root.
func NewDisk(t testing.TB, mebibytes string) *Disk {
	t.Helper()
	dir := socketDir(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+mebibytes+"m"); err != nil {
		t.Fatalf("mounting a small disk at %s, as root: %v", dir, err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return &Disk{t: t, dir: dir}
}

// Dir is where the disk is mounted.
func (d *Disk) Dir() string { return d.dir }

// Fill writes until there is no space left.
func (d *Disk) Fill() {
	d.t.Helper()
	f, err := os.Create(d.filler())
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0 && err == nil; size >>= 1 { // the last page too
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if errors.Is(err, syscall.ENOSPC) {
			err = nil
			continue
		}
		d.t.Fatalf("filling the disk: %v", err)
	}
}

// Free makes space again.
func (d *Disk) Free() {
	d.t.Helper()
	if err := os.Remove(d.filler()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *Disk) filler() string { return filepath.Join(d.dir, "filler") }

// DiskRedis is a Redis on a small disk.
type DiskRedis struct {
	*Redis
	Disk *Disk
}

// NewDiskRedis starts one with further arguments.
func NewDiskRedis(t testing.TB, args ...string) *DiskRedis {
	t.Helper()
	disk := NewDisk(t, "24")
	return &DiskRedis{startRedis(t, &Redis{dir: disk.Dir(), args: args}), disk}
}

// EmbeddedKey encrypts the secrets of all processes that stand on an Embedded.
const EmbeddedKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// Embedded is the Redis that a `synchook serve` brings up, on a small disk. Others may stand on it too.
type Embedded struct {
	*Process
	Disk *Disk
	url  string
}

// NewEmbedded starts a `synchook serve` with settings.
func NewEmbedded(t testing.TB, settings ...string) *Embedded {
	t.Helper()
	e := &Embedded{Disk: NewDisk(t, "24")}
	e.Process = Start(t, "serve", append([]string{
		"SYNCHOOK_DATA=" + e.Disk.Dir(), "SYNCHOOK_LISTEN=127.0.0.1:0", "SYNCHOOK_ADMIN_KEY=" + AdminKey,
		"SYNCHOOK_ENCRYPTION_KEY=" + EmbeddedKey, "SYNCHOOK_ALLOW_ADDRESSES=127.0.0.0/8", "SYNCHOOK_POLL_INTERVAL=50ms",
	}, settings...), binary, "serve")
	e.url = e.WantReady()
	return e
}

// URL implements Backend.
func (e *Embedded) URL() string { return "unix://" + filepath.Join(e.Disk.Dir(), "redis.sock") }

// Readiness is what its /readyz says; empty when it does not answer within 3 s.
func (e *Embedded) Readiness() string { return readiness(e.url) }

// Readiness is what the server's /readyz says; empty when it does not answer within 3 s.
func (h *House) Readiness() string { return readiness(h.URL()) }

func readiness(url string) string {
	client := http.Client{Timeout: 3 * time.Second}
	resp, err := client.Get(url + "/readyz")
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return ""
	}
	return string(text)
}
