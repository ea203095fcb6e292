package server

import (
	"encoding/base64"
	"strings"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// pageRequest is every request for a page.
type pageRequest interface {
	GetPageSize() int32
	GetPageToken() string
}

// pageOf returns the page that is asked for. Zero is the store's default size.
func pageOf(r pageRequest) store.Page {
	return store.Page{Size: int(r.GetPageSize()), Token: r.GetPageToken()}
}

// cut returns a page of a list that the store gives as a whole, in order of its keys, and the next
// page's token.
func cut[T any](list []T, key func(T) string, p store.Page) ([]T, string, error) {
	after, err := base64.RawURLEncoding.DecodeString(p.Token)
	if err != nil {
		return nil, "", synchook.Invalid("page_token", "the page token is not one that this list gave out",
			"Leave page_token empty to start again, or send next_page_token as it came.")
	}
	for p.Token != "" && len(list) > 0 && strings.Compare(key(list[0]), string(after)) <= 0 {
		list = list[1:]
	}
	size := p.Size
	if size == 0 {
		size = store.DefaultPage
	}
	if len(list) <= size {
		return list, "", nil
	}
	list = list[:size]
	return list, base64.RawURLEncoding.EncodeToString([]byte(key(list[size-1]))), nil
}
