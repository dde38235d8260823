using System;
using System.IO;
using System.Linq;

namespace Aurora.Qemu;

/// <summary>How QEMU runs guest instructions.</summary>
public enum Acceleration
{
    /// <summary>KVM where it can work, else TCG.</summary>
    Automatic,

    /// <summary>Translation: works everywhere, tens of times slower.</summary>
    Tcg,

    /// <summary>The processor's own virtualisation; fails with a reason where it cannot work.</summary>
    Kvm,
}

/// <summary>Finds out whether this host can run KVM guests.</summary>
public static class HostVirtualization
{
    /// <summary>Why KVM cannot be used here, or null when it can.</summary>
    public static string? WhyNoKvm() => WhyNoKvm(ReadCpuFlags(), CanOpenKvm);

    /// <summary>Turns a wish into a decision: never Automatic. Throws when KVM is demanded and impossible.</summary>
    public static Acceleration Resolve(Acceleration wish)
    {
        if (wish == Acceleration.Tcg)
            return Acceleration.Tcg;
        string? reason = WhyNoKvm();
        if (reason == null)
            return Acceleration.Kvm;
        return wish == Acceleration.Automatic
            ? Acceleration.Tcg
            : throw new MachineException($"KVM was asked for but cannot be used: {reason}. Without --accel kvm, Aurora runs under TCG.");
    }

    // The flag decides before the device does: inside some virtual machines /dev/kvm exists although nothing can run on it.
    internal static string? WhyNoKvm(string cpuFlags, Func<string?> openKvm)
    {
        string[] flags = cpuFlags.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!flags.Contains("vmx") && !flags.Contains("svm"))
            return "the processor flags in /proc/cpuinfo show neither vmx nor svm";
        return openKvm();
    }

    private static string ReadCpuFlags()
    {
        try
        {
            return File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static string? CanOpenKvm()
    {
        try
        {
            using var device = new FileStream("/dev/kvm", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return $"/dev/kvm does not open ({failure.Message})";
        }
    }
}
