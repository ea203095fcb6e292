package server

import api "github.com/synchook/synchook/gen/synchook/v1/synchookv1connect"

// endpointService serves synchook.v1.EndpointService.
type endpointService struct {
	api.UnimplementedEndpointServiceHandler
}
