package script

import (
	"fmt"
	"testing"
)

func TestTheProgramsUsedLastAreKept(t *testing.T) {
	t.Parallel()
	p := newPrograms()
	p.put("first", []byte("1"))
	p.put("first", []byte("not taken"))
	for i := range maxPrograms {
		if code, found := p.get("first"); !found || string(code) != "1" {
			t.Fatalf("the program in use was forgotten after %d others", i)
		}
		p.put(fmt.Sprint(i), nil)
	}
	if _, found := p.get("0"); found {
		t.Error("the program unused for the longest is still there")
	}
	if n := p.order.Len(); n != maxPrograms || len(p.byHash) != n {
		t.Errorf("%d and %d programs are kept", n, len(p.byHash))
	}
}
