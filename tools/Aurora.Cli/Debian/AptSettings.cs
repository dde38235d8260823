using System;

namespace Aurora.Cli.Debian;

/// <summary>
/// What apt is told beside the host's own settings: to write nothing outside a folder, to take nothing for installed, and to run none of
/// the host's hooks.
/// </summary>
internal sealed class AptSettings(string folder, string archives, string lists)
{
    /// <summary>A configuration file.</summary>
    public string Text() => $$"""
        Dir::State "{{folder}}";
        Dir::State::status "{{folder}}/status";
        Dir::State::extended_states "{{folder}}/extended_states";
        Dir::State::lists "{{lists}}";
        Dir::Cache "{{folder}}";
        Dir::Cache::archives "{{archives}}";
        Dir::Cache::pkgcache "pkgcache.bin";
        Dir::Cache::srcpkgcache "srcpkgcache.bin";
        Dir::Log "{{folder}}";
        APT::Architecture "amd64";
        #clear APT::Architectures;
        APT::Architectures { "amd64"; };
        APT::Install-Recommends "false";
        APT::Install-Suggests "false";
        APT::Keep-Downloaded-Packages "true";
        // Whoever is not root can be nobody else.
        {{(Environment.IsPrivilegedProcess ? "" : "APT::Sandbox::User \"root\";")}}
        // What is no package's name is no regular expression either.
        APT::Cmd::Pattern-Only "true";
        Acquire::ForceHash "SHA256";
        Acquire::Languages "none";
        #clear AptCli::Hooks;
        #clear APT::Install::Pre-Invoke;
        #clear APT::Install::Post-Invoke-Success;
        #clear APT::Update::Pre-Invoke;
        #clear APT::Update::Post-Invoke;
        #clear APT::Update::Post-Invoke-Success;
        #clear APT::Update::Post-Invoke-Stats;
        #clear DPkg::Pre-Install-Pkgs;
        #clear DPkg::Pre-Invoke;
        #clear DPkg::Post-Invoke;

        """;
}
