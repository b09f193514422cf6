"""A page in the browser, on which whoever visits it tries models."""

try:
    import gradio  # noqa: F401
except ModuleNotFoundError as error:
    raise ImportError(f'The page needs Gradio ({error}): pip install "kerasgan[app]"') from error

from kerasgan.app.page import build, serving

__all__ = ["build", "serving"]
