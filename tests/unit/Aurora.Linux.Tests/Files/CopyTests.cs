using System;
using System.Linq;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>Calls that move bytes between files: how much they move is settled when they begin, and they let others run.</summary>
public sealed unsafe class CopyTests : IDisposable
{
    private const int SendFile = 40;
    private const int CopyRange = 326;
    private const int Splice = 275;
    private const ulong From = Answers.Words + 0x100;
    private const ulong To = Answers.Words + 0x108;

    private readonly Answers _answers = new();

    private sealed class Always : Preemption
    {
        public int Asked { get; private set; }

        public override bool IsDue => ++Asked > 0;
    }

    public void Dispose() => _answers.Dispose();

    private long CopyWithin(ulong file, long from, long to, ulong length)
    {
        _answers.Kernel.Poke(_answers.Init, From, from);
        _answers.Kernel.Poke(_answers.Init, To, to);
        return _answers.Call(CopyRange, file, From, file, To, length, 0);
    }

    [Fact]
    public void A_copy_within_a_file_ends_where_the_file_ended_when_it_began()
    {
        ulong file = _answers.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        _answers.Write(file, "abcd");
        Assert.Equal(4, CopyWithin(file, 0, 4, 100));
        Assert.Equal((4L, 8L), (_answers.Kernel.Peek<long>(_answers.Init, From), _answers.Kernel.Peek<long>(_answers.Init, To)));
        _answers.Call(8, file, 0, 0);
        Assert.Equal("abcdabcd", _answers.Read(file));
    }

    [Fact]
    public void Also_when_it_waits_for_a_page_in_the_middle()
    {
        byte[] contents = [.. Enumerable.Range(0, 10_000).Select(i => (byte)(i % 251))];
        _answers.Kernel.WriteFile("/f", contents);
        ulong file = _answers.Open("/f");
        _answers.Move();
        Assert.Equal(10_000, CopyWithin(file, 0, 10_000, 100_000));
        Assert.Equal(20_000UL, _answers.At("/f")->Size);
        Assert.Equal(0, CopyWithin(file, 20_000, 0, 100));
        Assert.Equal(10_000, _answers.Call(17, file, Answers.Data, 10_000, 10_000));
        Assert.Equal(contents, Enumerable.Range(0, 10_000).Select(i => _answers.Kernel.Peek<byte>(_answers.Init, Answers.Data + (ulong)i)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_waits_in_the_middle_does_not_look_again_whether_the_file_appends(bool moves)
    {
        ulong target = _answers.Open("/b", OpenFlags.Create | OpenFlags.ReadWrite);
        (ulong reader, ulong writer) = _answers.Pipe();
        Thread* waiting = _answers.Kernel.Fork(_answers.Init);
        int id = waiting->Id;
        Assert.Null(_answers.Kernel.Call(waiting, Splice, reader, 0, target, 0, 100, 0));
        Assert.Equal(0, _answers.Call(72, target, 4, OpenFlags.Append));
        if (moves)
            _answers.Move();
        Assert.Null(_answers.Kernel.Resume(_answers.Kernel.ThreadOf(id)));
        _answers.Write(writer, "at last");
        Assert.Equal(7L, _answers.Kernel.Resume(_answers.Kernel.ThreadOf(id)));
        Assert.Equal(7UL, _answers.At("/b")->Size);
        Assert.Equal(Answers.Error(Errno.EINVAL), _answers.Call(Splice, reader, 0, target, 0, 1, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(SendFile)]
    [InlineData(Splice)]
    public void Large_pipes_are_filled_and_emptied_in_steps(int how)
    {
        byte[] contents = new byte[200_000];
        new Random(2).NextBytes(contents);
        _answers.Kernel.WriteFile("/a", contents);
        ulong source = _answers.Open("/a", 0);
        ulong target = _answers.Open("/b", OpenFlags.Create | OpenFlags.ReadWrite);
        (ulong reader, ulong writer) = _answers.Pipe();
        (ulong secondReader, ulong secondWriter) = _answers.Pipe();
        foreach (ulong end in (ulong[])[writer, secondWriter])
            Assert.Equal(1 << 18, _answers.Call(72, end, 1031, 1 << 18));
        var preemption = new Always();
        _answers.Kernel.Preemption.Now = preemption;
        if (how == 1)
        {
            Assert.Equal(200_000, _answers.Call(0, source, Answers.Data, 200_000));
            Assert.Equal(200_000, Steps(preemption, 1, writer, Answers.Data, 200_000));
        }
        else
        {
            Assert.Equal(200_000, how == SendFile ? Steps(preemption, SendFile, writer, source, 0, 200_000)
                : Steps(preemption, Splice, source, 0, writer, 0, 200_000, 0));
        }
        Assert.Equal(200_000, Steps(preemption, Splice, reader, 0, secondWriter, 0, 200_000, 0));
        if (how == 1)
            Assert.Equal(200_000, Steps(preemption, 0, secondReader, Answers.Data, 200_000));
        else
            Assert.Equal(200_000, Steps(preemption, Splice, secondReader, 0, target, 0, 200_000, 0));
        if (how != 1)
            Assert.Equal(200_000, _answers.Call(17, target, Answers.Data, 200_000, 0));
        for (int i = 0; i < contents.Length; i += 997)
            Assert.Equal(contents[i], _answers.Kernel.Peek<byte>(_answers.Init, Answers.Data + (ulong)i));
    }

    private long Steps(Always preemption, int call, params ulong[] arguments)
    {
        int before = preemption.Asked;
        long result = _answers.Call(call, arguments);
        Assert.InRange(preemption.Asked - before, 2, 4);
        return result;
    }
}
