using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Xunit;

namespace Aurora.Cli.Tests;

public sealed class ImageCacheTests : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _folder = new();
    private readonly ImageCache _cache;

    public ImageCacheTests() => _cache = new ImageCache(_folder.File("images"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_image_is_made_once_and_appears_when_it_is_whole()
    {
        int made = 0;
        Task<string> EnsureAsync() => _cache.EnsureAsync("a", _ => true, async path =>
        {
            Assert.False(File.Exists(_cache.PathOf("a")));
            await File.WriteAllTextAsync(path, $"{++made}");
        }, CancellationToken.None);
        Assert.Equal(_cache.PathOf("a"), await EnsureAsync());
        Assert.Equal(_cache.PathOf("a"), await EnsureAsync());
        Assert.Equal("1", await File.ReadAllTextAsync(_cache.PathOf("a")));
    }

    [Fact]
    public async Task One_that_is_good_no_more_is_replaced()
    {
        await EnsureAsync("old");
        await _cache.EnsureAsync(
            "a", path => File.ReadAllText(path) != "old", path => File.WriteAllTextAsync(path, "new"), CancellationToken.None);
        Assert.Equal("new", await File.ReadAllTextAsync(_cache.PathOf("a")));
    }

    [Fact]
    public async Task Whoever_wants_what_another_makes_gets_that()
    {
        var go = new TaskCompletionSource();
        Task<string> first = _cache.EnsureAsync("a", _ => true, async path =>
        {
            await File.WriteAllTextAsync(path, "first");
            await go.Task;
        }, CancellationToken.None);
        Task second = EnsureAsync("second");
        Assert.False(second.IsCompleted);
        go.SetResult();
        await Task.WhenAll(first, second).WaitAsync(_deadline);
        Assert.Equal("first", await File.ReadAllTextAsync(_cache.PathOf("a")));
    }

    [Fact]
    public async Task Of_a_maker_who_fails_or_dies_nothing_is_left()
    {
        await Assert.ThrowsAsync<UserException>(() => _cache.EnsureAsync("a", _ => true, async path =>
        {
            await File.WriteAllTextAsync(path, "half");
            throw new UserException("no more room");
        }, CancellationToken.None));
        Assert.Equal(["a.lock"], Names());
        await File.WriteAllTextAsync(_folder.File("images/a.new.partial"), "half");
        await EnsureAsync("whole");
        Assert.Equal(["a.img", "a.lock"], Names());
    }

    private Task<string> EnsureAsync(string text)
        => _cache.EnsureAsync("a", _ => true, path => File.WriteAllTextAsync(path, text), CancellationToken.None);

    private string[] Names() => [.. Directory.EnumerateFiles(_folder.File("images")).Select(path => Path.GetFileName(path)!).Order()];
}
