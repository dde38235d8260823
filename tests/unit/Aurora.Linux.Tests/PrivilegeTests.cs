using System;
using System.Text;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Capabilities: what gives them, what takes them, and what they allow.</summary>
public sealed unsafe class PrivilegeTests : IDisposable
{
    private const ulong Scratch = TestKernel.Scratch;
    private const int Capget = 125;
    private const int Capset = 126;
    private const int Prctl = 157;
    private const ulong All = (1UL << 41) - 1;
    private const ulong SetPcap = 1UL << 8;
    private const ulong SetUid = 1UL << 7;
    private const ulong NetBind = 1UL << 10;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public PrivilegeTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    private long Call(Thread* thread, int number, params ulong[] arguments) => _kernel.Call(thread, number, arguments)!.Value;

    private (ulong Effective, ulong Permitted, ulong Inheritable) Get(Thread* thread)
    {
        _kernel.Poke(thread, Scratch, 0x20080522UL);
        Assert.Equal(0, _kernel.Do(thread, Capget, Scratch, Scratch + 8));
        ulong Word(int index) => _kernel.Peek<uint>(thread, Scratch + 8 + (ulong)(index * 4))
            | ((ulong)_kernel.Peek<uint>(thread, Scratch + 20 + (ulong)(index * 4)) << 32);
        return (Word(0), Word(1), Word(2));
    }

    private long Set(Thread* thread, ulong effective, ulong permitted, ulong inheritable)
    {
        _kernel.Poke(thread, Scratch, 0x20080522UL);
        ulong[] sets = [effective, permitted, inheritable];
        for (int i = 0; i < 3; i++)
        {
            _kernel.Poke(thread, Scratch + 8 + (ulong)(i * 4), (uint)sets[i]);
            _kernel.Poke(thread, Scratch + 20 + (ulong)(i * 4), (uint)(sets[i] >> 32));
        }
        return Call(thread, Capset, Scratch, Scratch + 8);
    }

    private long Option(Thread* thread, ulong option, ulong value, ulong third = 0) => Call(thread, Prctl, option, value, third, 0, 0);

    [Fact]
    public void Capabilities_of_files_and_labels_need_different_capabilities()
    {
        const ulong setCapabilities = 1UL << 31;
        const ulong admin = 1UL << 21;
        _kernel.WriteFile("/f", "x"u8);
        foreach (ulong kept in (ulong[])[setCapabilities, admin])
        {
            Thread* child = _kernel.Fork(_init);
            Assert.Equal(0, Set(child, kept, All, 0));
            ulong path = _kernel.PokeText(child, Scratch + 0x100, "/f");
            long denied = -(long)Errno.EPERM;
            Assert.Equal(kept == admin ? denied : 0,
                Call(child, 188, path, _kernel.PokeText(child, Scratch + 0x200, "security.capability"), Scratch, 4, 0));
            Assert.Equal(kept == admin ? 0 : denied,
                Call(child, 188, path, _kernel.PokeText(child, Scratch + 0x200, "security.other"), Scratch, 4, 0));
        }
    }

    [Fact]
    public void What_is_dropped_is_gone_and_what_is_not_effective_does_not_count()
    {
        Thread* child = _kernel.Fork(_init);
        Assert.Equal((All, All, 0UL), Get(child));
        Assert.Equal(0, Set(child, All & ~1UL, All, 0));
        ulong path = _kernel.PokeText(child, Scratch + 0x100, "/tmp");
        Assert.Equal(-(long)Errno.EPERM, Call(child, 92, path, 5, 5));
        Assert.Equal(0, Set(child, All, All, 0));
        Assert.Equal(0, Call(child, 92, path, 5, 5));
        Assert.Equal(0, Set(child, All & ~1UL, All & ~1UL, 0));
        Assert.Equal(-(long)Errno.EPERM, Set(child, All, All, 0));
        Assert.Equal(-(long)Errno.EPERM, Set(child, All, All & ~1UL, 0));
        Assert.Equal(-(long)Errno.EPERM, Call(child, 92, path, 6, 6));
    }

    [Fact]
    public void Who_leaves_user_0_loses_everything_unless_he_keeps_it()
    {
        Thread* plain = _kernel.Fork(_init);
        Thread* keeper = _kernel.Fork(_init);
        Thread* returner = _kernel.Fork(_init);
        Assert.Equal(0, Call(plain, 105, 1000));
        Assert.Equal((0UL, 0UL, 0UL), Get(plain));
        Assert.Equal(-(long)Errno.EPERM, Call(plain, 105, 0));
        Assert.Equal(0, Option(keeper, 8, 1));
        Assert.Equal(1, Option(keeper, 7, 0));
        Assert.Equal(0, Call(keeper, 117, 1000, 1000, 1000));
        Assert.Equal((0UL, All, 0UL), Get(keeper));
        Assert.Equal(0, Set(keeper, All, All, 0));
        Assert.Equal(0, Call(keeper, 119, 1000, 1000, 1000));
        Assert.Equal(0, Call(returner, 117, ulong.MaxValue, 1000, ulong.MaxValue));
        Assert.Equal((0UL, All, 0UL), Get(returner));
        Assert.Equal(0, Call(returner, 117, ulong.MaxValue, 0, ulong.MaxValue));
        Assert.Equal((All, All, 0UL), Get(returner));
        Assert.Equal(0, Call(returner, 122, 1000));
        Assert.Equal(All & ~0x1_0800_021FUL, Get(returner).Effective);
    }

    [Fact]
    public void The_bounding_set_bounds_what_a_program_gets()
    {
        Thread* child = _kernel.Fork(_init);
        Assert.Equal(1, Option(child, 23, 10));
        Assert.Equal(0, Option(child, 24, 10));
        Assert.Equal(0, Option(child, 23, 10));
        Assert.Equal(-(long)Errno.EINVAL, Option(child, 24, 41));
        Assert.Equal(All, Get(child).Permitted);
        Execute(child);
        Assert.Equal((All & ~NetBind, All & ~NetBind, 0UL), Get(child));
        Assert.Equal(-(long)Errno.EPERM, Set(child, All & ~NetBind, All & ~NetBind, NetBind));
        Assert.Equal(0, Set(child, All & ~(NetBind | SetPcap), All & ~(NetBind | SetPcap), 0));
        Assert.Equal(-(long)Errno.EPERM, Option(child, 24, 9));
    }

    [Fact]
    public void The_ambient_set_outlives_a_program_without_user_0()
    {
        Thread* child = _kernel.Fork(_init);
        Option(child, 8, 1);
        Call(child, 117, 1000, 1000, 1000);
        Assert.Equal(-(long)Errno.EPERM, Option(child, 47, 2, 10));
        Assert.Equal(0, Set(child, NetBind, NetBind | 1, NetBind));
        Assert.Equal(0, Option(child, 47, 2, 10));
        Assert.Equal(1, Option(child, 47, 1, 10));
        Execute(child);
        Assert.Equal((NetBind, NetBind, NetBind), Get(child));
        Assert.Equal(0, Option(child, 7, 0));
        Assert.Equal(0, Option(child, 47, 4));
        Execute(child);
        Assert.Equal((0UL, 0UL, NetBind), Get(child));
    }

    [Fact]
    public void Secure_bits_are_obeyed_and_locked()
    {
        Thread* child = _kernel.Fork(_init);
        Assert.Equal(-(long)Errno.EPERM, Option(child, 28, 0x100));
        Assert.Equal(0, Option(child, 28, 4));
        Assert.Equal(0, Call(child, 117, 1000, 1000, 1000));
        Assert.Equal((All, All, 0UL), Get(child));
        Assert.Equal(0, Call(child, 117, 0, 0, 0));
        Assert.Equal(0, Option(child, 28, 3));
        Assert.Equal(3, Option(child, 27, 0));
        Assert.Equal(-(long)Errno.EPERM, Option(child, 28, 0));
        Execute(child);
        Assert.Equal((0UL, 0UL, 0UL), Get(child));
    }

    [Fact]
    public void A_set_user_id_program_gains_unless_that_is_renounced()
    {
        Thread* gains = _kernel.Fork(_init);
        Thread* renounces = _kernel.Fork(_init);
        Call(gains, 105, 1000);
        Call(renounces, 105, 1000);
        Assert.Equal(0, Option(renounces, 38, 1));
        Assert.Equal(-(long)Errno.EINVAL, Option(renounces, 38, 0));
        Execute(gains, 0x89ED);
        Execute(renounces, 0x89ED);
        Assert.Equal((All, All, 0UL), Get(gains));
        Assert.Equal((0UL, 0UL, 0UL), Get(renounces));
        Assert.Equal(0, Option(gains, 3, 0));
        Assert.Equal(1, Option(renounces, 3, 0));
    }

    [Fact]
    public void Who_has_renounced_privilege_acts_as_his_real_user_after_a_program()
    {
        Thread* child = _kernel.Fork(_init);
        Assert.Equal(0, Call(child, 117, 1000, 0, 0));
        Assert.Equal(0, Option(child, 38, 1));
        Execute(child);
        Assert.Equal((1000U, 1000U, 1000U), (child->Process->Credentials.RealUid, child->Process->Credentials.EffectiveUid,
            child->Process->Credentials.SavedUid));
        Assert.Equal((All, All, 0UL), Get(child));
    }

    [Fact]
    public void A_set_id_program_does_not_take_its_callers_personality()
    {
        Thread* plain = _kernel.Fork(_init);
        Thread* setId = _kernel.Fork(_init);
        Thread* renounced = _kernel.Fork(_init);
        foreach (nint each in new[] { (nint)plain, (nint)setId, (nint)renounced })
            Call((Thread*)each, 135, 0x6BC0000);
        Option(renounced, 38, 1);
        Execute(plain);
        Execute(setId, 0x89ED);
        Execute(renounced, 0x89ED);
        Assert.Equal(0x6BC0000, Call(plain, 135, 0xFFFF_FFFF));
        Assert.Equal(0x6880000, Call(setId, 135, 0xFFFF_FFFF));
        Assert.Equal(0x6BC0000, Call(renounced, 135, 0xFFFF_FFFF));
    }

    // The caller's partner could move its directory and umask meanwhile.
    [Fact]
    public void A_set_user_id_program_that_shares_its_directory_with_another_process_gains_nothing()
    {
        const ulong sharesDirectory = 0x200 | 17;
        Thread* user = _kernel.Fork(_init);
        Call(user, 105, 1000);
        Thread* shares = _kernel.ThreadOf(_kernel.Do(user, 56, sharesDirectory, 0, 0, 0, 0));
        Assert.Equal(0, _kernel.Resume(shares));
        Execute(shares, 0x89ED);
        Assert.Equal((0UL, 0UL, 0UL), Get(shares));
        Assert.Equal(1000, Call(shares, 107));
        Thread* may = _kernel.Fork(_init);
        Assert.Equal(0, Option(may, 8, 1));
        Assert.Equal(0, Call(may, 117, 1000, 1000, 1000));
        Assert.Equal(0, Set(may, SetUid, SetUid, 0));
        Thread* shared = _kernel.ThreadOf(_kernel.Do(may, 56, sharesDirectory, 0, 0, 0, 0));
        Assert.Equal(0, _kernel.Resume(shared));
        Execute(shared, 0x89ED);
        Assert.Equal((SetUid, SetUid, 0UL), Get(shared));
        Assert.Equal(0, Call(shared, 107));
        // Its partners have gone: nobody can.
        _kernel.Call(user, 231, 0);
        Execute(shares, 0x89ED);
        Assert.Equal((All, All, 0UL), Get(shares));
    }

    [Fact]
    public void A_program_that_must_distrust_its_environment_gets_no_signal_from_its_parents_end()
    {
        Thread* plain = _kernel.Fork(_init);
        Thread* secure = _kernel.Fork(_init);
        Assert.Equal(0, Call(secure, 117, 1000, 0, 0));
        foreach (nint each in new[] { (nint)plain, (nint)secure })
        {
            Assert.Equal(0, Option((Thread*)each, 1, 10));
            Execute((Thread*)each);
        }
        Assert.Equal(10, plain->ParentDeathSignal);
        Assert.Equal(0, secure->ParentDeathSignal);
    }

    [Fact]
    public void Access_below_proc_asks_for_what_the_real_user_may()
    {
        Thread* child = _kernel.Fork(_init);
        ulong path = _kernel.PokeText(child, Scratch + 0x100, "/proc/1/cwd");
        Assert.Equal(0, Call(child, 21, path, 4));
        Assert.Equal(0, Call(child, 117, 1000, 0, 0));
        Assert.Equal(-(long)Errno.EACCES, Call(child, 21, path, 4));
        Assert.Equal(0, Call(child, 439, unchecked((ulong)-100), path, 4, 0x200));
    }

    [Fact]
    public void Capabilities_survive_a_restore()
    {
        Thread* child = _kernel.Fork(_init);
        Option(child, 24, 10);
        Option(child, 8, 1);
        Set(child, 1, 3, 2);
        Option(child, 47, 2, 1);
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        Thread* again = restored.ThreadOf(child->Id);
        restored.Poke(again, Scratch, 0x20080522UL);
        restored.Do(again, Capget, Scratch, Scratch + 8);
        Assert.Equal(1U, restored.Peek<uint>(again, Scratch + 8));
        Assert.Equal(3U, restored.Peek<uint>(again, Scratch + 12));
        Assert.Equal(2U, restored.Peek<uint>(again, Scratch + 16));
        Assert.Equal(0, restored.Call(again, Prctl, 23, 10, 0, 0, 0));
        Assert.Equal(1, restored.Call(again, Prctl, 7, 0, 0, 0, 0));
        Assert.Equal(1, restored.Call(again, Prctl, 47, 1, 1, 0, 0));
    }

    [Fact]
    public void Access_asks_for_what_the_real_user_may()
    {
        _kernel.WriteFile("/root-only", "x"u8, 0x8000);
        Thread* child = _kernel.Fork(_init);
        ulong path = _kernel.PokeText(child, Scratch + 0x100, "/root-only");
        Assert.Equal(0, Call(child, 21, path, 4));
        Call(child, 117, 1000, 0, 0);
        Assert.Equal(-(long)Errno.EACCES, Call(child, 21, path, 4));
        Assert.True(Call(child, 2, path, 0) >= 0);
        Assert.Equal(0, Set(child, 0, All, 0));
        Assert.Equal(-(long)Errno.EACCES, Call(child, 2, path, 0));
        Assert.Equal(0, Set(child, 4, All, 0));
        Assert.True(Call(child, 2, path, 0) >= 0);
        Assert.Equal(-(long)Errno.EACCES, Call(child, 2, path, 1));
    }

    [Fact]
    public void Named_checkpoints_are_the_administrators()
    {
        Thread* child = _kernel.Fork(_init);
        Call(child, 105, 1000);
        ulong name = _kernel.PokeText(child, Scratch + 0x100, "mine");
        Assert.Equal(-(long)Errno.EPERM, Call(child, (int)SystemCallTable.AuroraFirst, name, 1));
        Assert.Equal(-(long)Errno.EPERM, Call(child, (int)SystemCallTable.AuroraFirst + 8, name));
        Assert.True(Call(child, (int)SystemCallTable.AuroraFirst, 0, 1) >= 0);
    }

    private void Execute(Thread* thread, uint mode = 0x81ED)
    {
        string path = $"/program{thread->Id}";
        if (new TreeBuilder(_kernel.Files, _kernel.Names).Find(Encoding.UTF8.GetBytes(path), true, out Inode* there) == Errno.Ok)
            _kernel.Files.Inodes.Release(there);
        else
            _kernel.WriteFile(path, ElfBuilder.Build())->Mode = mode;
        Assert.NotNull(ExecTests.Execute(_kernel, thread, path, ["program"], []));
        _kernel.Map(thread->Process->AddressSpace, Scratch, TestKernel.ScratchBytes, Protection.Read | Protection.Write);
    }
}
