using System;
using Aurora.Posix.Files;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>splice, tee and vmsplice: bytes between pipes, files and memory; whom they wait for; the errors in Linux's order.</summary>
public sealed unsafe class SpliceTests : IDisposable
{
    private const int Splice = 275;
    private const int Tee = 276;
    private const int VmSplice = 278;
    private const ulong NonBlocking = 2;
    private const ulong Bad = ulong.MaxValue;
    private const ulong Offset = Answers.Words + 0x100;

    private readonly Answers _answers = new();

    public void Dispose() => _answers.Dispose();

    private ulong File(string path, string contents, ulong flags = OpenFlags.ReadWrite)
    {
        ulong file = _answers.Open(path, OpenFlags.Create | flags);
        if (contents.Length > 0)
            _answers.Write(file, contents);
        _answers.Kernel.Do(_answers.Init, 8, file, 0, 0);
        return file;
    }

    private ulong PutOffset(long offset)
    {
        _answers.Kernel.Poke(_answers.Init, Offset, offset);
        return Offset;
    }

    [Fact]
    public void Bytes_go_from_a_file_into_a_pipe_and_back()
    {
        ulong source = File("/a", "0123456789");
        ulong target = File("/b", "");
        (ulong reader, ulong writer) = _answers.Pipe();
        Assert.Equal(4, _answers.Call(Splice, source, 0, writer, 0, 4, 0));
        Assert.Equal(3, _answers.Call(Splice, source, PutOffset(6), writer, 0, 3, 0));
        Assert.Equal(9L, _answers.Kernel.Peek<long>(_answers.Init, Offset));
        Assert.Equal(4, _answers.Call(8, source, 0, 1));
        Assert.Equal(5, _answers.Call(Splice, reader, 0, target, PutOffset(2), 5, 0));
        Assert.Equal(7L, _answers.Kernel.Peek<long>(_answers.Init, Offset));
        Assert.Equal("\0\0" + "01236", _answers.Read(target));
        Assert.Equal(2, _answers.Call(Splice, reader, 0, target, 0, 100, 0));
        Assert.Equal(9, _answers.Call(8, target, 0, 1));
        _answers.Kernel.Do(_answers.Init, 8, source, 10, 0);
        Assert.Equal(0, _answers.Call(Splice, source, 0, writer, 0, 10, 0));
    }

    [Fact]
    public void A_pipe_is_filled_as_far_as_there_is_room_and_emptied_as_far_as_there_are_bytes()
    {
        ulong source = File("/a", "");
        _answers.Kernel.Do(_answers.Init, 77, source, 300_000);
        (ulong reader, ulong writer) = _answers.Pipe();
        Assert.Equal(65_536, _answers.Call(Splice, source, 0, writer, 0, 300_000, 0));
        Assert.Equal(Answers.Error(Errno.EAGAIN), _answers.Call(Splice, source, 0, writer, 0, 10, NonBlocking));
        ulong target = File("/b", "");
        Assert.Equal(65_536, _answers.Call(Splice, reader, 0, target, 0, 300_000, 0));
        Assert.Equal(65_536UL, _answers.At("/b")->Size);
        Assert.Equal(Answers.Error(Errno.EAGAIN), _answers.Call(Splice, reader, 0, target, 0, 10, NonBlocking));
        _answers.Kernel.Do(_answers.Init, 3, writer);
        Assert.Equal(0, _answers.Call(Splice, reader, 0, target, 0, 10, 0));
    }

    [Fact]
    public void Tee_leaves_the_bytes_where_they_are_and_splice_between_pipes_takes_them()
    {
        (ulong reader, ulong writer) = _answers.Pipe();
        (ulong second, ulong into) = _answers.Pipe();
        _answers.Write(writer, "over and over");
        Assert.Equal(4, _answers.Call(Tee, reader, into, 4, 0));
        Assert.Equal(13, _answers.Call(Tee, reader, into, 1000, 0));
        Assert.Equal("overover and over", _answers.Read(second));
        Assert.Equal(5, _answers.Call(Splice, reader, 0, into, 0, 5, 0));
        Assert.Equal("over ", _answers.Read(second));
        Assert.Equal("and over", _answers.Read(reader));
        Assert.Equal(Answers.Error(Errno.EAGAIN), _answers.Call(Tee, reader, into, 4, NonBlocking));
        Assert.Equal(Answers.Error(Errno.EAGAIN), _answers.Call(Splice, reader, 0, into, 0, 4, NonBlocking));
    }

    [Fact]
    public void Vmsplice_puts_memory_into_a_pipe_and_takes_it_out()
    {
        (ulong reader, ulong writer) = _answers.Pipe();
        ulong vectors = Answers.Words + 0x200;
        _answers.Kernel.PokeText(_answers.Init, Answers.Data, "onetwothree");
        PutVectors(vectors, (Answers.Data, 3), (Answers.Data + 6, 5));
        Assert.Equal(8, _answers.Call(VmSplice, writer, vectors, 2, 0));
        PutVectors(vectors, (Answers.Data + 0x100, 4), (Answers.Data + 0x200, 100));
        Assert.Equal(8, _answers.Call(VmSplice, reader, vectors, 2, 0));
        Assert.Equal("onet", _answers.Peek(Answers.Data + 0x100, 4));
        Assert.Equal("hree", _answers.Peek(Answers.Data + 0x200, 4));
        PutVectors(vectors, (Answers.Data, 100_000), (Answers.Data, 0));
        Assert.Equal(65_536, _answers.Call(VmSplice, writer, vectors, 2, 0));
        Assert.Equal(Answers.Error(Errno.EAGAIN), _answers.Call(VmSplice, writer, vectors, 2, NonBlocking));
        Assert.Equal(0, _answers.Call(VmSplice, writer, vectors, 0, 0));
        Assert.Equal(Answers.Error(Errno.EBADF), _answers.Call(VmSplice, File("/a", ""), vectors, 2, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), _answers.Call(VmSplice, writer, vectors, 1025, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), _answers.Call(VmSplice, writer, vectors, 2, 16));
        Assert.Equal(Answers.Error(Errno.EFAULT), _answers.Call(VmSplice, writer, Answers.Nowhere, 1, 0));
        Assert.Equal(Answers.Error(Errno.EBADF), _answers.Call(VmSplice, Bad, vectors, 2, 0));
    }

    private void PutVectors(ulong address, params (ulong Address, ulong Length)[] vectors)
    {
        foreach ((ulong start, ulong length) in vectors)
        {
            _answers.Kernel.Poke(_answers.Init, address, start);
            _answers.Kernel.Poke(_answers.Init, address + 8, length);
            address += 16;
        }
    }

    [Fact]
    public void Errors_come_in_Linux_order()
    {
        ulong file = File("/a", "abc");
        ulong appending = File("/c", "", OpenFlags.Append | OpenFlags.WriteOnly);
        (ulong reader, ulong writer) = _answers.Pipe();
        _answers.Write(writer, "x");
        ulong path = _answers.Open("/a", OpenFlags.Path);
        (Errno Expected, ulong[] Arguments)[] cases =
        [
            (Errno.EBADF, [Bad, 0, writer, 0, 10, 0]),
            (Errno.EBADF, [file, 0, Bad, 0, 10, 0]),
            (Errno.EINVAL, [Bad, 0, Bad, 0, 10, 16]),
            (Errno.Ok, [Bad, 0, Bad, 0, 0, 99]),
            (Errno.EBADF, [writer, 0, file, 0, 10, 0]),
            (Errno.EBADF, [file, 0, reader, 0, 10, 0]),
            (Errno.EBADF, [path, 0, writer, 0, 10, 0]),
            (Errno.ESPIPE, [reader, PutOffset(0), file, 0, 10, 0]),
            (Errno.ESPIPE, [file, 0, writer, Offset, 10, 0]),
            (Errno.EBADF, [reader, Answers.Nowhere, Bad - 1, 0, 10, 0]),
            (Errno.EFAULT, [file, Answers.Nowhere, writer, 0, 10, 0]),
            (Errno.EFAULT, [reader, 0, file, Answers.Nowhere, 10, 0]),
            (Errno.EINVAL, [reader, 0, writer, 0, 10, 0]),
            (Errno.EINVAL, [file, 0, file, 0, 10, 0]),
            (Errno.EINVAL, [reader, 0, appending, 0, 10, 0]),
        ];
        for (int i = 0; i < cases.Length; i++)
            Assert.Equal((i, Answers.Error(cases[i].Expected)), (i, _answers.Call(Splice, cases[i].Arguments)));
        Assert.Equal(Answers.Error(Errno.EINVAL), _answers.Call(Splice, file, PutOffset(-1), writer, 0, 10, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), _answers.Call(Tee, reader, writer, 10, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), _answers.Call(Tee, file, writer, 10, 0));
        Assert.Equal(Answers.Error(Errno.EBADF), _answers.Call(Tee, Bad, writer, 10, 0));
        Assert.Equal(0, _answers.Call(Tee, Bad, writer, 0, 0));
        Assert.Equal(Answers.Error(Errno.EINVAL), _answers.Call(Tee, Bad, writer, 0, 16));
        Assert.Equal("x", _answers.Read(reader));
    }

    [Fact]
    public void Without_a_reader_it_is_EPIPE_and_SIGPIPE()
    {
        ulong file = File("/a", "abc");
        (ulong reader, ulong writer) = _answers.Pipe();
        _answers.Kernel.Do(_answers.Init, 14, 0, _answers.Kernel.PokeMask(_answers.Init, Signal.SIGPIPE), 0, 8);
        _answers.Kernel.Do(_answers.Init, 3, reader);
        Assert.Equal(Answers.Error(Errno.EPIPE), _answers.Call(Splice, file, 0, writer, 0, 3, 0));
        Assert.NotEqual(0UL, (_answers.Init->Pending.Set.Bits | _answers.Init->Process->Pending.Set.Bits) >> ((int)Signal.SIGPIPE - 1) & 1);
        Assert.Equal(0, _answers.Call(8, file, 0, 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_waits_keeps_both_files_over_a_restore(bool moves)
    {
        ulong target = File("/b", "");
        (ulong reader, ulong writer) = _answers.Pipe();
        Thread* waiting = _answers.Kernel.Fork(_answers.Init);
        int id = waiting->Id;
        Assert.Null(_answers.Kernel.Call(waiting, Splice, reader, 0, target, 0, 100, 0));
        if (moves)
            _answers.Move();
        Assert.Null(moves ? _answers.Kernel.Resume(_answers.Kernel.ThreadOf(id)) : null);
        _answers.Write(writer, "at last");
        Assert.Equal(7L, _answers.Kernel.Resume(_answers.Kernel.ThreadOf(id)));
        Assert.Equal(7UL, _answers.At("/b")->Size);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_full_pipe_is_waited_for(bool moves)
    {
        ulong source = File("/a", "0123456789");
        (ulong reader, ulong writer) = _answers.Pipe();
        _answers.Kernel.Do(_answers.Init, 72, writer, 1031, 4096);
        _answers.Kernel.Do(_answers.Init, 1, writer, Answers.Data, 4096);
        Thread* waiting = _answers.Kernel.Fork(_answers.Init);
        int id = waiting->Id;
        Assert.Null(_answers.Kernel.Call(waiting, Splice, source, 0, writer, 0, 6, 0));
        if (moves)
            _answers.Move();
        _answers.Kernel.Do(_answers.Init, 0, reader, Answers.Data, 4096);
        Assert.Equal(6L, _answers.Kernel.Resume(_answers.Kernel.ThreadOf(id)));
        Assert.Equal("012345", _answers.Read(reader));
    }
}
