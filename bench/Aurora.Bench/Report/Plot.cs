// A plot as an element <svg> inside a page: lines with markers, a grid, labels and a legend. Colours come from the page's style sheet by
// the class of a series (s0, s1, …), so that one page has one look, light and dark. The values are in the titles of the markers.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Xml.Linq;

namespace Aurora.Bench.Report;

/// <summary>A line of a plot.</summary>
public sealed record PlotSeries(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>A plot of several lines over the same axes.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Note">How it is read.</param>
/// <param name="X">The horizontal axis.</param>
/// <param name="Y">The vertical axis.</param>
/// <param name="Series">The lines; those without points are left out.</param>
public sealed record Plot(string Title, string Note, PlotAxis X, PlotAxis Y, IReadOnlyList<PlotSeries> Series)
{
    private const int Width = 720;
    private const int Height = 380;
    private const int Left = 84;
    private const int Right = 16;
    private const int Top = 16;
    private const int Bottom = 52;
    private const int LegendLine = 18;
    private const int MarkerSize = 3;

    /// <summary>The element.</summary>
    public XElement Draw()
    {
        PlotSeries[] shown = [.. Series.Where(series => series.Points.Count > 0)];
        int height = Height + LegendLine * shown.Length;
        var drawing = new XElement(
            "svg", new XAttribute("viewBox", $"0 0 {Width} {height}"), new XAttribute("role", "img"), new XAttribute("aria-label", Title));
        if (shown.Length == 0)
            return Add(drawing, Text(Width / 2, Height / 2, "middle", "not measured"));
        PlotScale x = X.Scale([.. shown.SelectMany(series => series.Points).Select(point => point.X)], Left, Width - Right);
        PlotScale y = Y.Scale([.. shown.SelectMany(series => series.Points).Select(point => point.Y)], Height - Bottom, Top);
        DrawGrid(drawing, x, y);
        for (int index = 0; index < shown.Length; index++)
            DrawSeries(drawing, shown[index], index, x, y);
        return drawing;
    }

    private void DrawGrid(XElement drawing, PlotScale x, PlotScale y)
    {
        foreach (double tick in X.Ticks(x))
        {
            Add(drawing, Line(x.Pixel(tick), Top, x.Pixel(tick), Height - Bottom, "grid"));
            Add(drawing, Text(x.Pixel(tick), Height - Bottom + 18, "middle", X.Format(tick)));
        }
        foreach (double tick in Y.Ticks(y))
        {
            Add(drawing, Line(Left, y.Pixel(tick), Width - Right, y.Pixel(tick), "grid"));
            Add(drawing, Text(Left - 8, y.Pixel(tick) + 4, "end", Y.Format(tick)));
        }
        Add(drawing, Line(Left, Height - Bottom, Width - Right, Height - Bottom, "axis"));
        Add(drawing, Line(Left, Top, Left, Height - Bottom, "axis"));
        Add(drawing, Text((Left + Width - Right) / 2.0, Height - Bottom + 40, "middle", X.Label));
        XElement label = Text(0, 0, "middle", Y.Label);
        label.Add(new XAttribute("transform", $"translate(14 {(Height - Bottom + Top) / 2}) rotate(-90)"));
        Add(drawing, label);
    }

    private void DrawSeries(XElement drawing, PlotSeries series, int index, PlotScale x, PlotScale y)
    {
        string colour = $"s{index}";
        string path = "M" + string.Join(" L", series.Points.Select(point => $"{Number(x.Pixel(point.X))} {Number(y.Pixel(point.Y))}"));
        Add(drawing, new XElement("path", new XAttribute("class", "line " + colour), new XAttribute("d", path)));
        foreach ((double X, double Y) point in series.Points)
        {
            XElement marker = Marker(x.Pixel(point.X), y.Pixel(point.Y), colour);
            marker.Add(new XElement("title", $"{series.Name}: {X.Format(point.X)}, {Y.Format(point.Y)}"));
            Add(drawing, marker);
        }
        double row = Height + LegendLine * index;
        Add(drawing, Line(Left, row, Left + 24, row, "line " + colour));
        Add(drawing, Marker(Left + 12, row, colour));
        Add(drawing, Text(Left + 32, row + 4, "start", series.Name));
    }

    private static XElement Add(XElement drawing, XElement part)
    {
        drawing.Add(part);
        return drawing;
    }

    private static XElement Marker(double x, double y, string colour) => new(
        "circle", new XAttribute("class", "dot " + colour),
        new XAttribute("cx", Number(x)), new XAttribute("cy", Number(y)), new XAttribute("r", MarkerSize));

    private static XElement Line(double x1, double y1, double x2, double y2, string style) => new(
        "line", new XAttribute("class", style), new XAttribute("x1", Number(x1)), new XAttribute("y1", Number(y1)),
        new XAttribute("x2", Number(x2)), new XAttribute("y2", Number(y2)));

    private static XElement Text(double x, double y, string anchor, string text)
        => new("text", new XAttribute("x", Number(x)), new XAttribute("y", Number(y)), new XAttribute("text-anchor", anchor), text);

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
