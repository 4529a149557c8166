"""An S3 server of its own process on a free port: prints its address and serves until it is killed."""

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

if __name__ == "__main__":
    served = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    print(f"http://127.0.0.1:{served.port}", flush=True)
    served.serve_forever()
