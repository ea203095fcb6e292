package apidoc

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	validate "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

// fieldType is how a person reads the type of a field.
func fieldType(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return fmt.Sprintf("map of %s to %s", fieldType(f.MapKey()), fieldType(f.MapValue()))
	case f.IsList():
		return "list of " + single(f)
	}
	return single(f)
}

func single(f protoreflect.FieldDescriptor) string {
	switch f.Kind() {
	case protoreflect.MessageKind:
		return typeLink(f.Message())
	case protoreflect.EnumKind:
		return typeLink(f.Enum())
	}
	return f.Kind().String()
}

// wellKnown are the types of google.protobuf, in the words of the page's introduction.
var wellKnown = map[protoreflect.FullName]string{
	"google.protobuf.Timestamp": "time",
	"google.protobuf.Duration":  "span",
	"google.protobuf.FieldMask": "mask",
	"google.protobuf.Struct":    "JSON object",
}

func typeLink(d protoreflect.Descriptor) string {
	if word, ok := wellKnown[d.FullName()]; ok {
		return word
	}
	return fmt.Sprintf("[%s](#%s)", name(d), anchor(name(d)))
}

// Rules says in words what the rules of a field ask of a request. Empty: nothing.
func Rules(f protoreflect.FieldDescriptor) string {
	rules, ok := proto.GetExtension(f.Options(), validate.E_Field).(*validate.FieldRules)
	if !ok || rules == nil {
		return ""
	}
	said := bounds(rules)
	if rules.GetRequired() || rules.GetString().GetMinLen() > 0 || rules.GetString().GetPrefix() != "" || rules.GetRepeated().GetMinItems() > 0 {
		said = append([]string{"required"}, said...)
	}
	if len(said) == 0 {
		return ""
	}
	return "(" + strings.Join(said, ", ") + ")"
}

func bounds(rules *validate.FieldRules) []string {
	var said []string
	most := func(n uint64, what string) {
		if n > 0 {
			said = append(said, "at most "+grouped(n)+" "+what)
		}
	}
	most(rules.GetString().GetMaxLen(), "characters")
	most(rules.GetString().GetMaxBytes(), "bytes")
	most(rules.GetBytes().GetMaxLen(), "bytes")
	most(rules.GetRepeated().GetMaxItems(), "of them")
	most(rules.GetMap().GetMaxPairs(), "of them")
	if pattern := rules.GetString().GetPattern(); pattern != "" {
		said = append(said, "fits `"+pattern+"`")
	}
	if items := rules.GetRepeated().GetItems(); items != nil {
		for _, one := range bounds(items) {
			said = append(said, "each "+one)
		}
	}
	return append(said, numbers(rules)...)
}

func numbers(rules *validate.FieldRules) []string {
	switch {
	case rules.GetInt32() != nil:
		return []string{grouped(uint64(rules.GetInt32().GetGte())) + " to " + grouped(uint64(rules.GetInt32().GetLte()))}
	case rules.GetDouble() != nil:
		return []string{number(rules.GetDouble().GetGte()) + " to " + number(rules.GetDouble().GetLte())}
	case rules.GetDuration() != nil:
		return []string{span(rules.GetDuration().GetGte()) + " to " + span(rules.GetDuration().GetLte())}
	}
	return nil
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// span is a time span in its largest whole unit.
func span(d *durationpb.Duration) string {
	v := d.AsDuration()
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, " days"}, {time.Hour, " h"}, {time.Minute, " min"}} {
		if v >= unit.size && v%unit.size == 0 {
			return grouped(uint64(v/unit.size)) + unit.name
		}
	}
	return number(v.Seconds()) + " s"
}

// grouped writes a number with commas, "10,000".
func grouped(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
