package store

import (
	"context"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// Endpoint returns an endpoint of any kind, with what it takes from the project's settings. That of a connection
// without a URL of its own, which had one, has the project's: what it is owed goes there.
func (s *Store) Endpoint(ctx context.Context, p synchook.ProjectID, id synchook.EndpointID) (synchook.Endpoint, error) {
	e, set, err := s.endpoint(ctx, p, id)
	return inherit(e, set), err
}

// EndpointAsSet returns an endpoint of any kind as people set it: a further one's retry schedule is empty unless
// it has one of its own.
func (s *Store) EndpointAsSet(ctx context.Context, p synchook.ProjectID, id synchook.EndpointID) (synchook.Endpoint, error) {
	e, _, err := s.endpoint(ctx, p, id)
	return e, err
}

func (s *Store) endpoint(ctx context.Context, p synchook.ProjectID, id synchook.EndpointID) (e synchook.Endpoint, set synchook.Settings, err error) {
	list, set, err := s.endpoints(ctx, p, []string{string(id)})
	if err == nil && len(list) == 0 {
		err = synchook.NotFound("endpoint", string(id))
	}
	if err != nil {
		return e, set, err
	}
	return list[0], set, nil
}

// endpoints returns the endpoints of these IDs that exist, of any kind, as people set them, and the project's
// settings, in two round trips at most.
func (s *Store) endpoints(ctx context.Context, p synchook.ProjectID, ids []string) (list []synchook.Endpoint, set synchook.Settings, err error) {
	pipe := s.rdb.Pipeline()
	project, settings := readProject(ctx, pipe, p), s.readSettings(ctx, pipe, p)
	rows := make([]func() (synchook.Endpoint, error), len(ids))
	for i, id := range ids {
		rows[i] = s.readEndpoint(ctx, pipe, p, synchook.EndpointID(id))
	}
	_, _ = pipe.Exec(ctx) // each reader sees its own error
	pr, err := project()
	if err != nil {
		return nil, set, err
	}
	if set, err = settings(); err != nil {
		return nil, set, err
	}
	for _, read := range rows {
		e, err := read()
		switch {
		case e.ID == pr.Endpoint: // it has no row
			list = append(list, synchook.FirstEndpoint(pr, set))
		case synchook.IsKind(err, synchook.KindNotFound):
		case err != nil:
			return nil, set, err
		default:
			list = append(list, e)
		}
	}
	list, err = s.ofConnections(ctx, pr, set, list)
	return list, set, err
}

// ofConnections gives endpoints of connections their values, and leaves out those whose connection is gone.
func (s *Store) ofConnections(ctx context.Context, pr synchook.Project, set synchook.Settings, list []synchook.Endpoint) ([]synchook.Endpoint, error) {
	pipe := s.rdb.Pipeline()
	connections := map[synchook.ConnectionID]func() (synchook.Connection, string, error){}
	for _, e := range list {
		if e.Connection != "" {
			connections[e.Connection] = s.readConnection(ctx, pipe, pr.ID, e.Connection)
		}
	}
	if len(connections) == 0 {
		return list, nil
	}
	_, _ = pipe.Exec(ctx) // each reader sees its own error
	known := list[:0]
	for _, e := range list {
		if e.Connection == "" {
			known = append(known, e)
			continue
		}
		con, _, err := connections[e.Connection]()
		switch {
		case synchook.IsKind(err, synchook.KindNotFound):
		case err != nil:
			return nil, err
		default:
			known = append(known, ownOrProjects(pr, set, con))
		}
	}
	return known, nil
}

func ownOrProjects(pr synchook.Project, set synchook.Settings, con synchook.Connection) synchook.Endpoint {
	e := synchook.ConnectionEndpoint(pr, set, con)
	if e.URL == "" {
		e.URL = set.WebhookURL
	}
	return e
}

// The lists of endpoints, in the order in which they are shown. In each, endpoints stand in the order in which
// they were made.
const (
	listFirst = iota
	listFurther
	listConnections
)

// EndpointPage returns a page of all endpoints as people set them: the first one of the project, the further ones,
// and those of connections.
func (s *Store) EndpointPage(ctx context.Context, p synchook.ProjectID, page Page) ([]synchook.Endpoint, string, error) {
	at, after := listFirst, ""
	if page.Token != "" {
		list, id, err := decodeToken(page.Token)
		if err != nil {
			return nil, "", err
		}
		at, after = int(number(list)), id
	}
	var ids, tokens []string // a token says where the page after the ID begins
	for ; at <= listConnections && len(ids) <= page.size(); at, after = at+1, "" {
		some, err := s.endpointIDs(ctx, p, at, after, page.size()+1-len(ids))
		if err != nil {
			return nil, "", err
		}
		for _, id := range some {
			ids, tokens = append(ids, id), append(tokens, encodeToken(strconv.Itoa(at), id))
		}
	}
	next := ""
	if n := page.size(); len(ids) > n {
		ids, next = ids[:n], tokens[n-1]
	}
	list, _, err := s.endpoints(ctx, p, ids)
	return list, next, err
}

// endpointIDs returns up to n IDs of a list, after the given one.
func (s *Store) endpointIDs(ctx context.Context, p synchook.ProjectID, list int, after string, n int) ([]string, error) {
	index := key(p, "endpoints")
	switch list {
	case listFirst:
		if after != "" {
			return nil, nil
		}
		pr, err := s.Project(ctx, p)
		return []string{string(pr.Endpoint)}, err
	case listConnections:
		index = key(p, "endpoints", "con")
	}
	ids, err := s.rdb.ZRangeByLex(ctx, index, &redis.ZRangeBy{Min: lexAfter(after), Max: "+", Count: int64(n)}).Result()
	return ids, failed("listing the endpoints", err)
}
