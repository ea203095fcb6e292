package store

import (
	"strconv"
	"strings"
)

// Standing says how something does after a run.
type Standing string

// The standings. Turns note a change from one to the other, and tell of it.
const (
	Unknown Standing = ""     // nothing was learned: it stands as before
	Good    Standing = "good" // it does well
	Bad     Standing = "bad"  // it fails
)

// Access is how an external API took a connection's credentials.
type Access struct {
	Standing    Standing
	Credentials int // which ones: synchook.Connection.CredentialsVersion
}

// String writes it as scripts read it. Empty: nothing was learned.
func (a Access) String() string {
	if a.Standing == Unknown {
		return ""
	}
	return string(a.Standing) + " " + strconv.Itoa(a.Credentials)
}

func parseAccess(text string) Access {
	standing, version, _ := strings.Cut(text, " ")
	return Access{Standing: Standing(standing), Credentials: int(number(version))}
}
