// The kernel's side of the control channel as far as it runs programs, played by a test: it takes what the launcher sends line by line,
// and says what the test wants.
using System;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using System.Threading.Tasks;
using Xunit;

namespace Aurora.Qemu.Tests;

/// <summary>A relay between clients and a kernel that a test plays.</summary>
internal sealed class TestKernel : IAsyncDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly Channel<string> _sent = Channel.CreateUnbounded<string>();
    private readonly ExecRelay _relay;
    private bool _hasEnded;

    public TestKernel()
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(_folder.File("socket")));
        listener.Listen(8);
        _relay = new ExecRelay(listener, async line => await _sent.Writer.WriteAsync(line));
    }

    public void Say(string line) => _relay.OnEvent(ControlLineParser.Parse(line));

    /// <summary>The next line of the launcher.</summary>
    public async Task<string> HearAsync() => await _sent.Reader.ReadAsync().AsTask().WaitAsync(_deadline);

    /// <summary>A client that wants /bin/p run.</summary>
    public async Task<TestClient> ComeAsync(string group = "a", bool isDetached = false)
    {
        var client = new TestClient(_folder.File("socket"));
        Assert.True(await client.Frames.WriteAsync(
            new ExecFrame(ExecFrameKind.Request, new ExecRequest(group, "", isDetached, ["/bin/p"], []).Encode())));
        return client;
    }

    /// <summary>Gives the client that came last a place; its number.</summary>
    public async Task<int> BeginAsync()
    {
        string[] words = (await HearAsync()).Split(' ');
        Assert.Equal(("exec", "run", "wait", "10", "1", "0"), (words[0], words[2], words[3], words[4], words[5], words[6]));
        int number = int.Parse(words[1], CultureInfo.InvariantCulture);
        Say($"@exec {number} go");
        Assert.Equal($"exec {number} text {Base64("a\0\0/bin/p\0")}", await HearAsync());
        Assert.Equal($"exec {number} show {ExecRelayClient.WindowBytes}", await HearAsync());
        return number;
    }

    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>The machine ends.</summary>
    public async Task EndAsync()
    {
        _hasEnded = true;
        await _relay.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_hasEnded)
            await _relay.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>A client of a relay.</summary>
internal sealed class TestClient : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    public TestClient(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        Frames = new ExecFrames(new NetworkStream(socket, ownsSocket: true));
    }

    public ExecFrames Frames { get; }

    public Task SendAsync(ExecFrameKind kind, string text = "") => Frames.WriteAsync(new ExecFrame(kind, Encoding.UTF8.GetBytes(text)));

    /// <summary>The next frame: its kind, and its text or number.</summary>
    public async Task<(ExecFrameKind Kind, string Value)> ReadAsync()
    {
        ExecFrame frame = await Frames.ReadAsync().WaitAsync(_deadline) ?? throw new IOException("the launcher has gone");
        bool isNumber = frame.Kind is >= ExecFrameKind.Began and < ExecFrameKind.Lost;
        return (frame.Kind, isNumber ? frame.Number.ToString(CultureInfo.InvariantCulture) : Encoding.UTF8.GetString(frame.Payload.Span));
    }

    public void Dispose() => Frames.Dispose();
}
