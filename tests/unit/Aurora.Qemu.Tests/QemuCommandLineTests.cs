using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Xunit;

namespace Aurora.Qemu.Tests;

public sealed class QemuCommandLineTests
{
    [Fact]
    public void The_machine_has_two_serial_ports_a_power_switch_and_the_boot_configuration()
    {
        IReadOnlyList<string> arguments = Build(new MachineConfiguration { Kernel = "k", MemoryMebibytes = 256, Cpus = 1 });
        Assert.Equal("q35", After(arguments, "-machine"));
        Assert.Equal("256M", After(arguments, "-m"));
        Assert.Equal("k", After(arguments, "-kernel"));
        Assert.Equal("/t/boot", After(arguments, "-initrd"));
        Assert.Equal(["chardev:console", "chardev:control"], arguments.Where((_, index) => index > 0 && arguments[index - 1] == "-serial"));
        Assert.Contains("isa-debug-exit,iobase=0xf4,iosize=0x04", arguments);
        Assert.DoesNotContain("-no-reboot", arguments);
        Assert.DoesNotContain(arguments, argument => argument.StartsWith("nvme", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_kernel_has_words_and_a_RAM_disk_instead_of_the_boot_configuration()
    {
        IReadOnlyList<string> arguments = Build(
            new MachineConfiguration { Kernel = "k", InitialRamDisk = "/a,b.cpio", KernelCommandLine = "quiet -- x" });
        Assert.Equal("/a,,b.cpio", After(arguments, "-initrd"));
        Assert.Equal("quiet -- x", After(arguments, "-append"));
        Assert.DoesNotContain("-append", Build(new MachineConfiguration { Kernel = "k" }));
    }

    [Fact]
    public void Instructions_are_counted_by_one_thread()
    {
        IReadOnlyList<string> arguments = Build(new MachineConfiguration { Kernel = "k", Cpus = 2, CountsInstructions = true });
        Assert.Equal("shift=0,sleep=off", After(arguments, "-icount"));
        Assert.Equal("tcg,thread=single", After(arguments, "-accel"));
        arguments = Build(new MachineConfiguration { Kernel = "k", CountsInstructions = true, WaitsTakeTime = true });
        Assert.Equal("shift=0,sleep=on", After(arguments, "-icount"));
        Assert.Equal("tcg,thread=multi", After(Build(new MachineConfiguration { Kernel = "k", Cpus = 2 }), "-accel"));
    }

    [Fact]
    public void A_disk_has_a_volatile_cache_that_a_flush_empties()
    {
        IReadOnlyList<string> arguments = Build(new MachineConfiguration { Kernel = "k", Disk = "a,b.img", NvmeProperties = "mdts=4" });
        Assert.Equal("file=a,,b.img,format=raw,if=none,id=disk,cache=writeback,aio=threads,discard=unmap", After(arguments, "-drive"));
        Assert.Contains("nvme,drive=disk,serial=aurora,mdts=4", arguments);
    }

    [Fact]
    public void Both_accelerators_offer_one_processor_except_for_the_speed_hint()
    {
        string translated = CpuModel.ArgumentFor(Acceleration.Tcg);
        string virtualized = CpuModel.ArgumentFor(Acceleration.Kvm);
        Assert.Contains("-erms", translated, StringComparison.Ordinal);
        Assert.Equal(virtualized, translated.Replace(",-erms", "", StringComparison.Ordinal));
        Assert.EndsWith(",enforce", translated, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("flags : fpu sse2", "neither vmx nor svm")]
    [InlineData("flags : fpu vmx sse2", "device")]
    [InlineData("flags : fpu svm sse2", "device")]
    [InlineData("flags : fpu novmx", "neither vmx nor svm")]
    public void KVM_needs_the_processor_flag_before_the_device(string flags, string reason)
        => Assert.Contains(reason, HostVirtualization.WhyNoKvm(flags, () => "device"), StringComparison.Ordinal);

    [Fact]
    public void KVM_is_possible_with_flag_and_device() => Assert.Null(HostVirtualization.WhyNoKvm("flags: a svm b", () => null));

    [Fact]
    public void The_boot_configuration_is_a_list_of_NUL_terminated_pairs()
    {
        var boot = new BootConfiguration
        {
            Arguments = ["/bin/busybox", "sh", "-c", "echo ä=b"],
            Environment = ["HOME=/root"],
            WorkingDirectory = "/root",
            User = new BootUser(1000, 100, [4, 5]),
            Interactive = true,
            Rows = 24,
            Columns = 80,
            PeriodMilliseconds = 5,
            Persist = false,
            Hold = true,
            Extra = new Dictionary<string, string> { ["panic"] = "test" },
        };
        Assert.Equal(
            "arg=/bin/busybox\0arg=sh\0arg=-c\0arg=echo ä=b\0env=HOME=/root\0cwd=/root\0uid=1000\0gid=100\0group=4\0group=5\0"
            + "tty=1\0rows=24\0cols=80\0period_ms=5\0persist=0\0hold=1\0panic=test\0",
            Encoding.UTF8.GetString(boot.Encode()));
    }

    [Fact]
    public void A_NUL_in_an_argument_is_refused()
        => Assert.Throws<MachineException>(() => new BootConfiguration { Arguments = ["a\0b"] }.Encode());

    private static IReadOnlyList<string> Build(MachineConfiguration machine)
        => QemuCommandLine.Build(machine, Acceleration.Tcg, "/t/console", "/t/control", "/t/boot");

    private static string After(IReadOnlyList<string> arguments, string option) => arguments[arguments.ToList().IndexOf(option) + 1];
}
