using System.CommandLine;
using System.CommandLine.Parsing;

namespace MfpClip.Cli;

/// <summary>Options that would have no effect are refused, with the reason: whoever gave one expects something of it.</summary>
internal static class OptionRules
{
    /// <summary>Whether the option stands on the command line.</summary>
    public static bool IsGiven(this SymbolResult result, Option option) => result.GetResult(option) is { Implicit: false };

    /// <summary>Refuses an option of the command where something holds.</summary>
    /// <param name="command">The command.</param>
    /// <param name="option">The option.</param>
    /// <param name="without">Whether it would have no effect.</param>
    /// <param name="reason">Why, and what to do: the sentence after the option's name.</param>
    public static void Refuse(this Command command, Option option, Func<CommandResult, bool> without, string reason) => command.Validators.Add(result =>
    {
        if (result.IsGiven(option) && Holds(without, result))
        {
            result.AddError($"{option.Name} {reason}");
        }
    });

    /// <summary>Refuses options that need another one.</summary>
    public static void Needs(this Command command, Option needed, params Option[] options)
    {
        foreach (var option in options)
        {
            command.Refuse(option, result => !result.IsGiven(needed), $"has no effect without {needed.Name}.");
        }
    }

    /// <summary>Refuses options that do not go with another one.</summary>
    public static void Excludes(this Command command, Option other, string reason, params Option[] options)
    {
        foreach (var option in options)
        {
            command.Refuse(option, result => result.IsGiven(other), $"has no effect with {other.Name}: {reason}");
        }
    }

    /// <summary>An option that other commands have and this one cannot use: hidden, and refused with the reason.</summary>
    public static void Never(this Command command, Option option, string reason)
    {
        option.Hidden = true;
        if (!command.Options.Contains(option))
        {
            command.Options.Add(option);
        }

        command.Refuse(option, _ => true, $"has no effect in '{command.Name}': {reason}");
    }

    // A value that cannot be read is an error of its own.
    private static bool Holds(Func<CommandResult, bool> condition, CommandResult result)
    {
        try
        {
            return condition(result);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
