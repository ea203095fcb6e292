package server

import (
	"regexp"
	"strconv"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// pathElement is one element of a path: a field's name and perhaps an index.
var pathElement = regexp.MustCompile(`^([a-z0-9_]+)(?:\[(\d+)\])?$`)

// inputOf returns the type of a method's request, or nil when the method says none.
func inputOf(spec connect.Spec) protoreflect.MessageDescriptor {
	if m, ok := spec.Schema.(protoreflect.MethodDescriptor); ok {
		return m.Input()
	}
	return nil
}

// fieldPath reads a path such as "syncs[2].models[0]" of a message, as the validator would give it. Of
// fields that the message lacks it knows the name only.
func fieldPath(message protoreflect.MessageDescriptor, path string) *validate.FieldPath {
	var elements []*validate.FieldPathElement
	for part := range strings.SplitSeq(path, ".") {
		e := &validate.FieldPathElement{FieldName: proto.String(part)}
		if m := pathElement.FindStringSubmatch(part); m != nil {
			e.FieldName = proto.String(m[1])
			if i, err := strconv.ParseUint(m[2], 10, 64); err == nil {
				e.Subscript = &validate.FieldPathElement_Index{Index: i}
			}
		}
		message = describe(e, message)
		elements = append(elements, e)
	}
	return &validate.FieldPath{Elements: elements}
}

// describe adds the number and the type of a message's field, and returns the field's own message.
func describe(e *validate.FieldPathElement, message protoreflect.MessageDescriptor) protoreflect.MessageDescriptor {
	if message == nil {
		return nil
	}
	field := message.Fields().ByName(protoreflect.Name(e.GetFieldName()))
	if field == nil {
		return nil
	}
	e.FieldNumber = proto.Int32(int32(field.Number()))
	e.FieldType = descriptorpb.FieldDescriptorProto_Type(field.Kind()).Enum()
	return field.Message()
}
