"""A notebook as one HTML page that needs no network: nbconvert's page without its web scripts."""

from __future__ import annotations

from html import escape

from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

# nbconvert's page fetches MathJax, Mermaid and RequireJS from the web and drops alternative texts.
TEMPLATE = """{% extends 'lab/index.html.j2' %}
{% block html_head_js %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
{% block data_png %}
<div class="jp-RenderedImage jp-OutputArea-output">
<img src="data:image/png;base64,{{ output.data['image/png'] | escape_html }}"
 alt="{{ (output | get_metadata('alt', 'image/png') or '') | e }}"
 {%- set width = output | get_metadata('width', 'image/png') %}
 {%- if width %} width="{{ width }}"{% endif %}>
</div>
{% endblock %}
{% block data_latex %}
<div class="jp-RenderedLatex jp-OutputArea-output">{{ output.data['text/latex'] | mathml }}</div>
{% endblock %}
"""


class PageExporter(HTMLExporter):
    """nbconvert's HTML exporter with formulas as MathML and nothing to fetch."""

    raw_template = TEMPLATE

    @pass_context
    def markdown2html(self, context, source):
        """Turn the Markdown of a cell into HTML."""
        attachments = context.get("cell", {}).get("attachments", {})
        path = context.get("resources", {}).get("metadata", {}).get("path", "")
        renderer = Renderer(escape=False, attachments=attachments, embed_images=True, path=path)
        return MarkdownWithMath(renderer=renderer).render(source)

    def default_filters(self):
        """Add the filter for formulas among a cell's outputs."""
        yield from super().default_filters()
        yield "mathml", lambda latex: mathml(latex.strip().strip("$"), "block")


class Renderer(IPythonRenderer):
    """nbconvert's Markdown with each formula written as MathML."""

    def link(self, text, url, title=None):
        """Let a link to another walkthrough lead to its page."""
        if "/" not in url and url.endswith(".ipynb"):
            url = url.removesuffix(".ipynb") + ".html"
        return super().link(text, url, title)

    def block_math(self, body):
        """Turn ``$$ ... $$`` into MathML."""
        return mathml(body, "block")

    def inline_math(self, body):
        """Turn ``$ ... $`` into MathML."""
        return mathml(body, "inline")

    def latex_environment(self, name, body):
        r"""Turn ``\begin{...} ... \end{...}`` into MathML."""
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")


def mathml(latex: str, display: str) -> str:
    """Turn a LaTeX formula into MathML; a formula that cannot be read stays LaTeX.

    Examples
    --------
    >>> mathml("n^2", "inline").endswith("<msup><mi>n</mi><mn>2</mn></msup></mrow></math>")
    True
    """
    try:
        return convert(latex.strip(), display=display)
    except Exception:  # the converter has no common error class
        return f"<code>{escape(latex)}</code>"
