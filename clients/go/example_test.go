package synchookclient_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/gen/synchook/v1/synchookv1connect"
)

// exampleProjects and exampleDeliveries stand in for a running synchook.
type exampleProjects struct {
	synchookv1connect.UnimplementedProjectServiceHandler
}

func (exampleProjects) UpdateProjectSettings(_ context.Context, req *synchookv1.UpdateProjectSettingsRequest) (*synchookv1.ProjectSettings, error) {
	return req.GetSettings(), nil
}

type exampleDeliveries struct {
	synchookv1connect.UnimplementedDeliveryServiceHandler
}

func (exampleDeliveries) WatchDeliveries(_ context.Context, _ *synchookv1.WatchDeliveriesRequest, stream *connect.ServerStream[synchookv1.WatchDeliveriesResponse]) error {
	delivery := &synchookv1.Delivery{Model: "GithubIssue", LastStatus: http.StatusOK}
	return stream.Send(&synchookv1.WatchDeliveriesResponse{Delivery: delivery})
}

func exampleServer() *httptest.Server {
	mux := http.NewServeMux()
	mux.Handle(synchookv1connect.NewProjectServiceHandler(exampleProjects{}))
	mux.Handle(synchookv1connect.NewDeliveryServiceHandler(exampleDeliveries{}))
	return httptest.NewServer(mux)
}

// Tell a project where its webhooks go.
func ExampleNew() {
	server := exampleServer()
	defer server.Close()

	client := synchookclient.New(server.URL, os.Getenv("SYNCHOOK_API_KEY"))
	settings, err := client.Projects.UpdateProjectSettings(context.Background(), &synchookv1.UpdateProjectSettingsRequest{
		Settings:   &synchookv1.ProjectSettings{WebhookUrl: "https://app.example/hook"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"webhook_url"}},
	})
	if err != nil {
		fmt.Println(connect.CodeOf(err), err)
		return
	}
	fmt.Println(settings.GetWebhookUrl())
	// Output: https://app.example/hook
}

// Follow the outgoing webhooks of one project with the admin key.
func ExampleWithProject() {
	server := exampleServer()
	defer server.Close()

	client := synchookclient.New(server.URL, os.Getenv("SYNCHOOK_ADMIN_KEY"), synchookclient.WithProject("prj_1"))
	stream, err := client.Deliveries.WatchDeliveries(context.Background(), &synchookv1.WatchDeliveriesRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stream.Close()
	for stream.Receive() {
		delivery := stream.Msg().GetDelivery()
		fmt.Println(delivery.GetModel(), delivery.GetLastStatus())
	}
	// Output: GithubIssue 200
}
