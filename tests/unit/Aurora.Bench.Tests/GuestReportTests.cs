using Xunit;

namespace Aurora.Bench.Tests;

public sealed class GuestReportTests
{
    [Fact]
    public void Figures_are_found_anywhere_in_the_output()
    {
        var report = new GuestReport("booting\r\nR fsync 1 p50 123\r\nnoise R msync 16 p95 9\nR incomplete 1 p50 5");
        Assert.Equal(123, report.Value("fsync", 1, "p50"));
        Assert.Equal(9, report.Value("msync", 16, "p95"));
        Assert.Null(report.Find(new FigureKey("incomplete", 1, "p50")));
    }

    [Fact]
    public void A_missing_figure_is_named()
    {
        var failure = Assert.Throws<BenchException>(() => new GuestReport("").Value("fsync", 1, "p50"));
        Assert.Contains("fsync 1 p50", failure.Message);
    }

    [Fact]
    public void Figures_may_come_from_elsewhere()
        => Assert.Equal(5, new GuestReport([new(new FigureKey("device", 1, "p50"), 5)]).Value("device", 1, "p50"));

    [Fact]
    public void Parameters_come_in_order_and_of_the_measure_alone()
    {
        var report = new GuestReport("R msync 64 p50 1\nR msync 1 p50 1\nR msync 16 p90 1\nR other 7 p50 1\n");
        Assert.Equal([1, 64], report.Parameters("msync", "p50"));
    }

    [Fact]
    public void A_later_line_replaces_an_earlier_one() => Assert.Equal(2, new GuestReport("R a 1 b 1\nR a 1 b 2\n").Value("a", 1, "b"));
}
