using System;
using System.Linq;
using System.Text;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>A kernel with one program, and its calls by name: for tests that compare results and errors with Linux's.</summary>
internal sealed unsafe class Answers : IDisposable
{
    public const ulong Text = TestKernel.Scratch;
    public const ulong Words = TestKernel.Scratch + 0x1000;
    public const ulong Data = TestKernel.Scratch + 0x4000;
    public const ulong Nowhere = 0x20_0000;
    public const uint User = 1000;

    private static readonly ulong _here = unchecked((ulong)-100L);

    public Answers()
    {
        Kernel = new TestKernel();
        Kernel.Boot();
    }

    public TestKernel Kernel { get; private set; }
    public Thread* Init => Kernel.ThreadOf(1);

    public void Dispose() => Kernel.Dispose();

    /// <summary>Captures everything and goes on in a kernel that was restored from it.</summary>
    public void Move()
    {
        TestKernel.Image image = Kernel.Source ?? new TestKernel.Image();
        Kernel.Capture(image);
        Kernel.Dispose();
        Kernel = TestKernel.Restore(image);
    }

    public static long Error(Errno error) => -(long)error;

    /// <summary>Makes a call that comes to its end at once.</summary>
    public long Call(int number, params ulong[] arguments) => Kernel.Call(Init, number, arguments)!.Value;

    public ulong Path(string path, int place = 0) => Kernel.PokeText(Init, Text + ((ulong)place * 0x400), path);

    public ulong Open(string path, ulong flags = 2, ulong mode = 0x1FF) => (ulong)Kernel.Do(Init, 2, Path(path), flags, mode);

    public (ulong Reader, ulong Writer) Pipe(ulong flags = 0)
    {
        Kernel.Do(Init, 293, Words, flags);
        return (Kernel.Peek<uint>(Init, Words), Kernel.Peek<uint>(Init, Words + 4));
    }

    public long Write(ulong descriptor, string text) => Call(1, descriptor, Kernel.PokeText(Init, Data, text), (ulong)text.Length);

    public string Read(ulong descriptor, int count = 100)
    {
        long read = Kernel.Do(Init, 0, descriptor, Data, (ulong)count);
        return Peek(Data, (int)read);
    }

    public string Peek(ulong address, int count)
        => string.Concat(Enumerable.Range(0, count).Select(i => (char)Kernel.Peek<byte>(Init, address + (ulong)i)));

    public uint ModeOf(string path) => At(path)->Mode & 0xFFF;

    public Inode* At(string path)
    {
        var build = new TreeBuilder(Kernel.Files, Kernel.Names);
        Assert.Equal(Errno.Ok, build.Find(Encoding.UTF8.GetBytes(path), false, out Inode* inode));
        Kernel.Files.Inodes.Release(inode);
        return inode;
    }

    public void BecomeUser(uint uid = User, uint gid = User)
    {
        Kernel.Do(Init, 116, 0, 0);
        Kernel.Do(Init, 119, gid, gid, gid);
        Kernel.Do(Init, 117, uid, uid, uid);
    }

    public long LinkAt(ulong descriptor, string from, string to, ulong flags)
        => Call(265, descriptor, Path(from), _here, Path(to, 1), flags);
}
