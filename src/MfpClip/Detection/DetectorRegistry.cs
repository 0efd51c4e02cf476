using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using MfpClip.Detection.Recipes;
using MfpClip.Modules;

namespace MfpClip.Detection;

/// <summary>
/// What names in recipes, configuration and on the command line stand for: methods, modules and model packages. Adding to
/// <see cref="Default"/> makes them known everywhere in the process.
/// </summary>
/// <remarks>Safe for concurrent callers. Names are compared without regard to case.</remarks>
/// <example><code>DetectorRegistry.Default.AddMethod(MyMethod.About, (MyOptions o) => new MyMethod(o), (o, seed) => o with { Seed = seed });</code></example>
public sealed class DetectorRegistry
{
    private readonly ConcurrentDictionary<string, RegisteredMethod> _methods = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<(Type Slot, string Name), Delegate> _modules = new();
    private readonly ConcurrentDictionary<string, Func<string?, ModelPackage>> _packages = new(StringComparer.OrdinalIgnoreCase);
    private int _order;

    /// <summary>Knows this library's own; the place to add others.</summary>
    public static DetectorRegistry Default { get; } = new();

    /// <summary>Methods, in the order in which they were added.</summary>
    public IReadOnlyList<RegisteredMethod> Methods => [.. _methods.Values.OrderBy(m => m.Order)];

    /// <summary>Adds a method under the id of its description.</summary>
    /// <typeparam name="TOptions">Settings that JSON can read; its defaults are the method's.</typeparam>
    /// <param name="description">What it is.</param>
    /// <param name="create">Makes it with settings.</param>
    /// <param name="withSeed">Settings with another seed of initialization; <see langword="null"/> where nothing is initialized at random.</param>
    /// <exception cref="ArgumentException">The id is taken, or is not lower case, digits and hyphens.</exception>
    public void AddMethod<TOptions>(MethodDescription description, Func<TOptions, IDetectionMethod> create, Func<TOptions, long, TOptions>? withSeed = null)
        where TOptions : class, new()
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(create);
        if (description.Id.Length == 0 || description.Id.Any(c => !(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')))
        {
            throw new ArgumentException($"'{description.Id}' is no id of a method: use lower case letters, digits and hyphens.", nameof(description));
        }

        var method = new RegisteredMethod(
            description, Interlocked.Increment(ref _order),
            seed => create(withSeed is not null && seed is { } s ? withSeed(new(), s) : new()),
            settings => create(RecipeJson.Read<TOptions>(settings, $"the options of method '{description.Id}'")));
        if (!_methods.TryAdd(description.Id, method))
        {
            throw new ArgumentException($"There is a method '{description.Id}' already.", nameof(description));
        }
    }

    /// <summary>Adds a module of a slot under the name of its implementation.</summary>
    /// <typeparam name="TModule">The slot.</typeparam>
    /// <typeparam name="TOptions">Settings that JSON can read.</typeparam>
    /// <param name="implementation">Stable name, as <see cref="ModuleFactory{TModule}.Implementation"/>.</param>
    /// <param name="create">Makes the factory with settings.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void AddModule<TModule, TOptions>(string implementation, Func<TOptions, ModuleFactory<TModule>> create)
        where TModule : class, IDetectorModule
        where TOptions : class, new()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(implementation);
        ArgumentNullException.ThrowIfNull(create);
        Func<JsonObject?, ModuleFactory<TModule>> make = settings => create(RecipeJson.Read<TOptions>(settings, $"the settings of '{implementation}'"));
        if (!_modules.TryAdd((typeof(TModule), implementation.ToLowerInvariant()), make))
        {
            throw new ArgumentException($"There is a {typeof(TModule).Name} '{implementation}' already.", nameof(implementation));
        }
    }

    /// <summary>Adds a model package.</summary>
    /// <param name="name">As <see cref="ModelPackage.Name"/>.</param>
    /// <param name="open">Makes it, for a folder where one is named.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void AddModelPackage(string name, Func<string?, ModelPackage> open)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (!_packages.TryAdd(name, open ?? throw new ArgumentNullException(nameof(open))))
        {
            throw new ArgumentException($"There is a model package '{name}' already.", nameof(name));
        }
    }

    /// <summary>Finds a method.</summary>
    /// <exception cref="DetectorConfigurationException">There is none of that id; the known ones are named.</exception>
    public RegisteredMethod FindMethod(string id) => _methods.TryGetValue(id?.Trim() ?? string.Empty, out var method) ? method
        : throw new DetectorConfigurationException([$"There is no method '{id}'; choose {string.Join(", ", Methods.Select(m => m.Description.Id))}."]);

    internal ModuleFactory<TModule> CreateModule<TModule>(ComponentRecipe recipe)
        where TModule : class, IDetectorModule
    {
        if (_modules.TryGetValue((typeof(TModule), recipe.Implementation.ToLowerInvariant()), out var make))
        {
            return ((Func<JsonObject?, ModuleFactory<TModule>>)make)(recipe.Settings);
        }

        var known = _modules.Keys.Where(k => k.Slot == typeof(TModule)).Select(k => k.Name).Order(StringComparer.Ordinal);
        throw new DetectorConfigurationException([
            $"The recipe names the {typeof(TModule).Name} '{recipe.Implementation}', which is not known here; known are {string.Join(", ", known)}. " +
            "A module of one's own is made known with DetectorRegistry.AddModule, before the recipe is read."]);
    }

    /// <summary>Names of the model packages that are loaded.</summary>
    internal IReadOnlyList<string> ModelPackages => [.. _packages.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Whether there is a model package of this name.</summary>
    internal bool HasModelPackage(string name)
    {
        if (!_packages.ContainsKey(name))
        {
            ModelAssembly.Load(name);
        }

        return _packages.ContainsKey(name);
    }

    internal ModelPackage OpenModelPackage(string name, string? folder) => HasModelPackage(name) ? _packages[name](folder)
        : throw new DetectorConfigurationException([
            $"The recipe names the model package '{name}', which is not known "
                + $"here{(_packages.IsEmpty ? string.Empty : $"; known are {string.Join(", ", ModelPackages)}")}. " +
            $"Reference the package that carries it (for 'tiny': {ModelAssembly.NameOf("tiny")})."]);
}

/// <summary>A method with a name.</summary>
public sealed class RegisteredMethod
{
    private readonly Func<long?, IDetectionMethod> _withSeed;
    private readonly Func<JsonObject?, IDetectionMethod> _withSettings;

    internal RegisteredMethod(
        MethodDescription description, int order, Func<long?, IDetectionMethod> withSeed, Func<JsonObject?, IDetectionMethod> withSettings) =>
        (Description, Order, _withSeed, _withSettings) = (description, order, withSeed, withSettings);

    /// <summary>What it is.</summary>
    public MethodDescription Description { get; }

    internal int Order { get; }

    /// <summary>Makes it with its own settings.</summary>
    /// <param name="seed">Seed of initialization; <see langword="null"/>: the method's own.</param>
    public IDetectionMethod Create(long? seed = null) => _withSeed(seed);

    /// <summary>Makes it with settings from JSON; <see langword="null"/>: its own.</summary>
    /// <exception cref="DetectorConfigurationException">A setting is unknown or of the wrong kind.</exception>
    public IDetectionMethod CreateWithSettings(JsonObject? settings) => _withSettings(settings);
}
