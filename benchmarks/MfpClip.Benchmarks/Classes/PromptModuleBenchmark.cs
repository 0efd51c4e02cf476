using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Execution;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Self;
using MfpClip.Text;

namespace MfpClip.Benchmarks.Classes;

/// <summary>
/// Each prompt module on one 518 x 518 image, and the CNN that feeds two of them. Baseline: the linear layers of MPFA, which every composition has.
/// </summary>
public class PromptModuleBenchmark
{
    private ClipBackbone _clip = null!;
    private ResNetFeatureExtractor _cnn = null!;
    private StateSentences _sentences = null!;
    private IImageToTextPrompt _prepend = null!;
    private IImageToTextPrompt _residual = null!;
    private ISelfPrompt _self = null!;
    private IPatchAggregator _patches = null!;
    private IMaskPrompt _learned = null!;
    private IMaskPrompt _prototype = null!;
    private CnnFeatures _features = null!;
    private Tensor _pixels = null!;
    private Tensor _tokens = null!;
    private Tensor _projected = null!;
    private Tensor _texts = null!;
    private Tensor _map = null!;

    [ParamsSource(nameof(AllDevices))]
    public string Device { get; set; } = "cpu";

    public static IEnumerable<string> AllDevices => Devices.All;

    [GlobalSetup]
    public void Load()
    {
        using var guard = torch.no_grad();
        _clip = Workload.Backbone(ScalarType.Float32, Device, config: ClipPresets.ViTL14At336 with
        {
            Vision = ClipPresets.ViTL14At336.Vision with { Layers = 4 },
        });
        _cnn = ResNetFeatureExtractor.CreateRandom(ResNetArchitecture.ResNet50, Workload.Seed);
        var dimensions = ModuleDimensions.Of(_clip, _cnn, 4);
        _prepend = ImageToTextPrompt.Create(new(), dimensions);
        _residual = ImageToTextPrompt.Create(new() { Variant = ImageToTextVariant.Residual }, dimensions);
        _self = SelfPrompt.Create(new(), dimensions);
        _patches = MultiPatchAggregator.Create(new(), dimensions);
        _learned = MaskPrompt.Create(new(), dimensions);
        _prototype = MaskPrompt.Create(new() { Variant = MaskPromptVariant.Prototype }, dimensions);
        _cnn.To(_clip.Vision.Device);
        foreach (IDetectorModule module in new IDetectorModule[] { _prepend, _residual, _self, _patches, _learned, _prototype })
        {
            module.To(_clip.Vision.Device);
        }

        var (normal, abnormal) = PromptTemplates.Paper.Expand(Workload.ClassName);
        _sentences = StateSentenceEncoder.Encode(_clip.Text, Workload.ClassName, Ids(normal), Ids(abnormal), ForwardContext.Default);
        _pixels = There(Workload.Random(1, 3, 518, 518));
        _tokens = There(Workload.Random(1, 1369, 1024));
        _projected = _patches.Project(1, _tokens, 37, 37, _clip.Vision).DetachFromDisposeScope();
        using var texts = Workload.Random(1, 2, 768);
        _texts = There(F.normalize(texts, p: 2, dim: -1).DetachFromDisposeScope());
        _map = There(torch.rand(1, 518, 518).DetachFromDisposeScope());
        _features = _cnn.Extract(_pixels);
        _features.Pooled.DetachFromDisposeScope();
        foreach (var level in _features.Levels)
        {
            level.DetachFromDisposeScope();
        }
    }

    [Benchmark(Baseline = true, Description = "MPFA: linear, one stage")]
    public void Project() => Run(() => _patches.Project(1, _tokens, 37, 37, _clip.Vision));

    [Benchmark(Description = "MPFA: neighbourhood, one stage")]
    public void Aggregate() => Run(() => _patches.Aggregate(_projected));

    [Benchmark(Description = "CNN: ResNet-50")]
    public void Cnn() => Run(() => _cnn.Extract(_pixels));

    [Benchmark(Description = "I2TP: prepend")]
    public void Prepend() => Run(() => _prepend.EmbedStates(_clip.Text, _sentences, ImageContext.Of(_features), ForwardContext.Default));

    [Benchmark(Description = "I2TP: residual")]
    public void Residual() => Run(() => _residual.EmbedStates(_clip.Text, _sentences, ImageContext.Of(_features), ForwardContext.Default));

    [Benchmark(Description = "SP: prompts of one stage")]
    public void Self() => Run(() => _self.CreatePrompts(1, ImageContext.Of(_features)));

    [Benchmark(Description = "MP: learned, four stages")]
    public void Learned() => Run(() => _learned.Apply([_projected, _projected, _projected, _projected], _texts, _map, ForwardContext.Default));

    [Benchmark(Description = "MP: prototype, four stages")]
    public void Prototype() => Run(() => _prototype.Apply([_projected, _projected, _projected, _projected], _texts, _map, ForwardContext.Default));

    [GlobalCleanup]
    public void Free()
    {
        foreach (var item in new IDisposable[]
        {
            _clip, _cnn, _sentences, _prepend, _residual, _self, _patches, _learned, _prototype, _pixels, _tokens, _projected, _texts, _map, _features.Pooled,
        })
        {
            item.Dispose();
        }

        foreach (var level in _features.Levels)
        {
            level.Dispose();
        }
    }

    private static Tensor Ids(IReadOnlyList<string> sentences) =>
        torch.tensor(sentences.SelectMany(s => ClipTokenizer.Default.EncodePadded(s, 77)).ToArray(), [sentences.Count, 77]);

    private Tensor There(Tensor value)
    {
        using (value)
        {
            return value.to(_clip.Vision.Device, copy: true).DetachFromDisposeScope();
        }
    }

    private void Run(Func<object?> work)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        work();
        Devices.Finish(Device);
    }
}
