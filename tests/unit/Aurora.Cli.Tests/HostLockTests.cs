using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Xunit;

namespace Aurora.Cli.Tests;

public sealed class HostLockTests : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Who_comes_second_waits_for_the_first()
    {
        string path = _folder.File("new/folder/a.lock");
        FileStream first = await HostLock.AcquireAsync(path, "waiting", CancellationToken.None);
        Task<FileStream> second = HostLock.AcquireAsync(path, "waiting", CancellationToken.None);
        Assert.False(second.IsCompleted);
        await first.DisposeAsync();
        await (await second.WaitAsync(_deadline)).DisposeAsync();
    }

    [Fact]
    public async Task A_wait_can_be_given_up()
    {
        string path = _folder.File("a.lock");
        await using FileStream first = await HostLock.AcquireAsync(path, "waiting", CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        Task<FileStream> second = HostLock.AcquireAsync(path, "waiting", cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(_deadline));
    }

    [Fact]
    public async Task What_can_be_no_lock_is_said_and_not_waited_for()
    {
        Directory.CreateDirectory(_folder.File("directory"));
        await File.WriteAllTextAsync(_folder.File("file"), "");
        Directory.CreateSymbolicLink(_folder.File("round"), "round");
        foreach (string name in (string[])["directory", "file/a.lock", "round"])
        {
            Task<FileStream> attempt = HostLock.AcquireAsync(_folder.File(name), "waiting", CancellationToken.None);
            UserException failure = await Assert.ThrowsAsync<UserException>(() => attempt.WaitAsync(_deadline));
            Assert.Contains(_folder.File(name), failure.Message, StringComparison.Ordinal);
        }
    }
}
