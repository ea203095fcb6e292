package store

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTheDoctorKnowsExactlyTheKeysOfTheTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var table []string
	for _, line := range regexp.MustCompile(`(?m)^//\t(\S.*?)  +(string|hash|list|set|zset) `).FindAllStringSubmatch(string(text), -1) {
		for name := range strings.SplitSeq(line[1], ", ") {
			kind, _, _ := strings.Cut(name, "<")
			if base, _, optional := strings.Cut(name, "["); optional {
				table = append(table, base)
				kind = base + ":"
			}
			table = append(table, kind)
		}
	}
	own := slices.DeleteFunc(kinds(), func(kind string) bool { return kind == "synchook:ping" }) // it lives for a minute
	slices.Sort(own)
	slices.Sort(table)
	if !slices.Equal(own, table) {
		t.Errorf("the doctor knows the kinds\n%q\nand doc.go's table has\n%q", own, table)
	}
}

func TestAKeySaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, kind, project, connection, id string }{
		{"synchook:schema", "synchook:schema", "", "", ""},
		{"synchook:lease:sweep", "synchook:lease:", "", "", "sweep"},
		{"synchook:nosuch", kindUnknown, "", "", ""},
		{"asynq:{runs}:t:1", kindAsynq, "", "", ""},
		{"session:1", kindOther, "", "", ""},
		{"{prj_1}:project", "P:project", "prj_1", "", ""},
		{"{prj_1}:runs", "P:runs", "prj_1", "", ""},
		{"{prj_1}:runs:queued", "P:runs:", "prj_1", "", "queued"},
		{"{prj_1}:run:run_1", "P:run:", "prj_1", "", "run_1"},
		{"{prj_1}:keys:used", "P:keys:used", "prj_1", "", ""},
		{"{prj_1}:seen:int_1:abc", "P:seen:", "prj_1", "", "int_1:abc"},
		{"{prj_1}:rows:end_1.d", "P:rows:", "prj_1", "", "end_1.d"},
		{"{prj_1}:run:", kindUnknown, "prj_1", "", ""},
		{"{prj_1}:nosuch", kindUnknown, "prj_1", "", ""},
		{"{prj_1:con_1}:r:mod_1", "C:r:", "prj_1", "con_1", "mod_1"},
		{"{prj_1:con_1}:runs", "C:runs", "prj_1", "con_1", ""},
		{"{prj_1:con_1}:project", kindUnknown, "prj_1", "con_1", ""},
		{"{prj_1", kindUnknown, "prj_1", "", ""},
	} {
		p := placeOf(c.name)
		if p.kind != c.kind || string(p.project) != c.project || string(p.connection) != c.connection || p.id != c.id || p.name != c.name {
			t.Errorf("%s is %+v, want %+v", c.name, p, c)
		}
	}
}

func TestEveryFaultHasAProblemAndARemedy(t *testing.T) {
	t.Parallel()
	for code, f := range faults() {
		if f.problem == "" || f.remedy == "" {
			t.Errorf("%s is not explained", code)
		}
		s := symptom{question{member: "it"}, code, "so"}
		if got := s.finding(); strings.Contains(got.Problem+got.Remedy, "%") {
			t.Errorf("%s reads %q, %q", code, got.Problem, got.Remedy)
		}
	}
	for kind := range visits() {
		if kind != kindUnknown && !slices.Contains(kinds(), kind) {
			t.Errorf("%s is visited and is no kind of key", kind)
		}
	}
}

func TestProgressIsToldNowAndThen(t *testing.T) {
	t.Parallel()
	told := 0
	d := newDoctor(nil, Checkup{Progress: func(Progress) { told++ }})
	d.tell()
	d.told = d.told.Add(-tellEvery)
	d.tell()
	d.tell()
	if told != 1 {
		t.Errorf("progress was told %d times, want once", told)
	}
}
