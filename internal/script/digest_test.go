package script

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

func TestDigestsAreEqualExactlyWhenTheContentIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
		{`{"a":{"x":[1,{"c":1,"d":2}]}}`, ` { "a" : { "x" : [ 1 , { "d" : 2 , "c" : 1 } ] } } `, true},
		{`{"a":"é\n"}`, `{"a":"\u00e9\u000a"}`, true},
		{`{"\u0061":1}`, `{"a":1}`, true},
		{`{}`, `{ }`, true},
		{`[]`, `[ ]`, true},
		{`{"a":[]}`, `{"a":[[]]}`, false},
		{`[1,2]`, `[2,1]`, false},
		{`[1,2]`, `[12]`, false},
		{`["a","b"]`, `["ab"]`, false},
		{`["a,b"]`, `["a","b"]`, false},
		{`{"a":"1"}`, `{"a":1}`, false},
		{`{"a":null}`, `{}`, false},
		{`{"a":"}]\\\""}`, `{"a":"}]\\"}`, false},
		{`[[1],2]`, `[[1,2]]`, false},
		{`{"a":{"b":1},"c":2}`, `{"a":{"b":1,"c":2}}`, false},
		{`1`, `1.0`, false},
	} {
		a, errA := DigestOf([]byte(test.a))
		b, errB := DigestOf([]byte(test.b))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if (a == b) != test.same {
			t.Errorf("%s and %s: same is %t, want %t", test.a, test.b, a == b, test.same)
		}
	}
}

func TestTextThatIsNotJSONHasNoDigest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", `{"a":}`, "undefined", `{"a":1}{`, `"`} {
		if _, err := DigestOf([]byte(text)); err == nil {
			t.Errorf("%q has a digest", text)
		}
	}
}

// anyJSON draws a JSON value as encoding/json knows it.
func anyJSON(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Int32().AsAny(),
	}
	if depth > 0 {
		inner := rapid.Deferred(func() *rapid.Generator[any] { return anyJSON(depth - 1) })
		scalars = append(scalars, rapid.SliceOfN(inner, 0, 4).AsAny(), rapid.MapOfN(rapid.String(), inner, 0, 4).AsAny())
	}
	return rapid.OneOf(scalars...)
}

func TestADigestDependsOnWhatEncodingJSONReadsAndOnNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyJSON(3).Draw(t, "a"), anyJSON(3).Draw(t, "b")
		compact, _ := json.Marshal(a)
		indented, _ := json.MarshalIndent(a, " ", "\t")
		other, _ := json.Marshal(b)
		x, _ := DigestOf(compact)
		y, _ := DigestOf(indented)
		z, _ := DigestOf(other)
		if x != y {
			t.Errorf("%s and its indented form differ", compact)
		}
		if (x == z) != (string(compact) == string(other)) {
			t.Errorf("%s and %s: same digest is %t", compact, other, x == z)
		}
	})
}
