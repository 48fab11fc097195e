"""Run by Alembic: migrations use the connection, and the transaction, of the caller (`audit.register.schema.migrate`)."""

from alembic import context


def run() -> None:
    context.configure(connection=context.config.attributes["connection"])
    context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic loads this file; merely importing it does nothing
    run()
