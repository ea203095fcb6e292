package server

import (
	"context"
	"fmt"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// recordStore keeps records.
type recordStore interface {
	ModelByName(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, name string) (synchook.ModelID, error)
	Records(ctx context.Context, p synchook.ProjectID, q store.RecordQuery) ([]synchook.Record, string, error)
	Forgotten(ctx context.Context, p synchook.ProjectID, con synchook.ConnectionID, model synchook.ModelID) (time.Time, error)
}

// recordService serves synchook.v1.RecordService.
type recordService struct {
	store interface {
		recordStore
		lookupStore
	}
}

// ListRecords implements the service.
func (s *recordService) ListRecords(ctx context.Context, r *v1.ListRecordsRequest) (*v1.ListRecordsResponse, error) {
	q, err := s.query(ctx, r)
	if err != nil {
		return nil, err
	}
	page, next, err := s.store.Records(ctx, projectOf(ctx), q)
	if err != nil {
		return nil, err
	}
	missing, err := s.deletionsMissing(ctx, q)
	if err != nil {
		return nil, err
	}
	records, err := tryAll(page, fromRecord)
	return &v1.ListRecordsResponse{Records: records, NextPageToken: next, DeletionsMissing: missing}, err
}

// deletionsMissing reports whether a page that was just read lacks deletions since its delta.
func (s *recordService) deletionsMissing(ctx context.Context, q store.RecordQuery) (bool, error) {
	if q.Delta.IsZero() {
		return false, nil
	}
	last, err := s.store.Forgotten(ctx, projectOf(ctx), q.Connection, q.Model)
	return !last.Before(q.Delta), err
}

func (s *recordService) query(ctx context.Context, r *v1.ListRecordsRequest) (store.RecordQuery, error) {
	q := store.RecordQuery{IDs: r.GetIds(), Actions: convertAll(r.GetFilter(), actionWords().word), Page: pageOf(r)}
	if r.GetDelta() != nil {
		if err := r.GetDelta().CheckValid(); err != nil {
			return q, synchook.Invalid("delta", "the time is none between the years 1 and 9999", "Send the queryTimeStamp of a webhook as it came.")
		}
		q.Delta = r.GetDelta().AsTime()
	}
	in, err := s.store.IntegrationByKey(ctx, projectOf(ctx), r.GetProviderConfigKey())
	if err != nil {
		return q, err
	}
	con, err := s.store.ConnectionByName(ctx, projectOf(ctx), in.ID, r.GetConnectionId())
	if err != nil {
		return q, err
	}
	q.Connection = con.ID
	q.Model, err = s.store.ModelByName(ctx, projectOf(ctx), in.ID, r.GetModel())
	return q, err
}

func fromRecord(r synchook.Record) (*v1.Record, error) {
	payload, err := object(r.Payload)
	if err != nil {
		return nil, fmt.Errorf("reading record %q: %w", r.ID, err)
	}
	return &v1.Record{
		Id: r.ID, Payload: payload, FirstSeenTime: timestamp(r.FirstSeen), LastModifiedTime: timestamp(r.LastModified),
		LastAction: actionWords().enum(r.LastAction), DeleteTime: timestamp(r.Deleted), Cursor: r.Cursor,
	}, nil
}
