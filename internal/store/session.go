package store

import "github.com/synchook/synchook/internal/synchook"

// sessionPlace binds what a session's cookie holds to sessions: it opens nowhere else, and nothing else opens there.
const sessionPlace = "session"

// SealSession encrypts what a session's cookie holds. Nothing is stored: whoever has an encryption key of this store
// can open it, so that all servers on it know each other's sessions.
func (s *Store) SealSession(text string) string { return s.keyring.seal(text, sessionPlace) }

// OpenSession decrypts what SealSession returned.
func (s *Store) OpenSession(sealed string) (string, error) {
	text, err := s.keyring.open(sealed, sessionPlace)
	if err != nil {
		return "", &synchook.Fault{
			Kind: synchook.KindUnauthenticated, Reason: "session_unknown", Message: "the session is not one of this server's",
			Help: "Log in again.", Err: err,
		}
	}
	return text, nil
}
