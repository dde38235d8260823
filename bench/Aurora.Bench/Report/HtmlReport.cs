// The report: one file that a browser shows without a network, with the table, the plots and what was measured on which versions. It is
// made as a tree of elements, so everything in it is escaped and every element is closed.
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Xml;
using System.Xml.Linq;

namespace Aurora.Bench.Report;

/// <summary>What a report shows.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Facts">Versions, settings and when, a line each.</param>
/// <param name="Rows">The table.</param>
/// <param name="Plots">The plots.</param>
public sealed record HtmlReport(
    string Title, IReadOnlyList<string> Facts, IReadOnlyList<Comparison> Rows, IReadOnlyList<Plot> Plots)
{
    private const string Style = """
        :root { color-scheme: light dark; --text: #1d2330; --soft: #667085; --back: #ffffff; --rule: #e3e6ec; }
        @media (prefers-color-scheme: dark) { :root { --text: #e7eaf0; --soft: #98a2b3; --back: #14171d; --rule: #2c313b; } }
        body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); }
        body { max-width: 1240px; margin: 2em auto; padding: 0 1em; }
        h1 { font-size: 1.6em; } h2 { font-size: 1.15em; margin: 2em 0 .3em; }
        p, ul { color: var(--soft); margin: .3em 0 1em; } .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-size: 13px; white-space: nowrap; } th { white-space: normal; vertical-align: bottom; }
        th, td { padding: .3em .7em; border-bottom: 1px solid var(--rule); text-align: right; }
        th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; }
        .met { color: #1a7f4b; } .missed { color: #c0362c; } .half { color: #a86a00; }
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(480px, 1fr)); gap: 0 2em; }
        svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--text); }
        .grid { stroke: var(--rule); } .axis { stroke: var(--soft); } .line { fill: none; stroke-width: 2; }
        .s0 { stroke: #2563eb; } .s1 { stroke: #d9480f; } .s2 { stroke: #e8a33d; }
        .s3 { stroke: #0f9d6b; } .s4 { stroke: #8b5cf6; } .s5 { stroke: #db2777; }
        .dot { fill: var(--back); stroke-width: 2; }
        """;

    private static readonly string[] _columns =
        ["measure", "what is done", "Aurora", "Linux", "Linux, no mitigations", "ratio", "ratio, no mitigations", "spread", "target", ""];

    /// <summary>Writes the file.</summary>
    public void Write(string path) => File.WriteAllText(path, Render());

    /// <summary>The page.</summary>
    public string Render()
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        text.WriteLine("<!DOCTYPE html>");
        using (XmlWriter writer = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true }))
            Page().WriteTo(writer);
        text.WriteLine();
        return text.ToString();
    }

    private XElement Page() => new(
        "html",
        new XAttribute("lang", "en"),
        new XElement(
            "head",
            new XElement("meta", new XAttribute("charset", "utf-8")),
            new XElement("meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width, initial-scale=1")),
            new XElement("title", Title),
            new XElement("style", "\n" + Style + "\n")),
        new XElement(
            "body",
            new XElement("h1", Title),
            new XElement("ul", Facts.Select(fact => new XElement("li", fact))),
            new XElement("h2", "Measures"),
            new XElement(
                "p",
                "Medians; ratios are Aurora's share of what Linux takes, within pairs of runs one after the other; less is better. ",
                "The spread is how far the pairs' ratios are apart, as a share of their median."),
            new XElement("div", new XAttribute("class", "wide"), Table()),
            new XElement("div", new XAttribute("class", "plots"), Plots.Select(Section))));

    private XElement Table() => new(
        "table",
        new XElement("thead", new XElement("tr", _columns.Select(column => new XElement("th", column)))),
        new XElement("tbody", Rows.Select(Row)));

    private static XElement Row(Comparison row) => new(
        "tr",
        new XElement("td", row.Measure),
        new XElement("td", row.Words),
        ((IReadOnlyList<double>[])[row.Aurora, row.Peer, row.Bare])
            .Select(values => new XElement("td", row.Value(values))),
        new XElement("td", row.Share(isBare: false)),
        new XElement("td", row.Share(isBare: true)),
        new XElement("td", row.Spread is { } spread ? Figures.Share(spread) : ""),
        new XElement("td", row.TargetWords),
        Judgement(row.Verdict));

    private static XElement Judgement(Verdict verdict) => verdict switch
    {
        Verdict.Met => new XElement("td", new XAttribute("class", "met"), "met"),
        Verdict.MetBesideMitigations => new XElement("td", new XAttribute("class", "half"), "met beside mitigations"),
        Verdict.Missed => new XElement("td", new XAttribute("class", "missed"), "missed"),
        _ => new XElement("td", ""),
    };

    private static XElement Section(Plot plot)
        => new("section", new XElement("h2", plot.Title), new XElement("p", plot.Note), plot.Draw());
}
