using MfpClip.Backbones;
using MfpClip.Backbones.Dino;
using MfpClip.Backbones.Dino.Loading;
using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Weights;

namespace MfpClip.Parity.Tests.Backbones;

/// <summary>DINOv2 with each of this library's kernels, in bfloat16, and in batches, against the authors' tokens.</summary>
public class DinoKernelTests
{
    private static readonly ILinearKernel[] Linears = [ConvolutionLinear.Instance, PackedLinear.Instance, PanelLinear.Instance];
    private static readonly IAttentionKernel[] Attentions = [BlockedAttention.Instance, BFloat16Attention.Instance];

    [SkippableFact]
    public void Every_kernel_that_serves_gives_the_authors_tokens()
    {
        var used = new HashSet<string>();
        foreach (string model in Names())
        {
            foreach (var linear in Linears)
            {
                foreach (var attention in Attentions)
                {
                    var kernels = new TransformerKernels(
                        (x, _) => Served(linear.Serves(x), linear, TorchLinear.Instance, linear.Name),
                        (qkv, heads, _) => Served(attention.Serves(qkv, heads), attention, TorchAttention.Instance, attention.Name),
                        (_, _) => TorchActivation.Instance, Differentiable: false);
                    Check(model, kernels, ScalarType.Float32);
                }
            }
        }

        // On a processor that none of them serves there is nothing to compare.
        Skip.If(used.Count == 0, "None of this library's kernels serves here.");

        T Served<T>(bool serves, T fast, T plain, string name)
        {
            if (serves)
            {
                used.Add(name);
            }

            return serves ? fast : plain;
        }
    }

    [SkippableFact]
    public void Tokens_in_bfloat16_are_near_the_authors()
    {
        foreach (string model in Names())
        {
            Check(model, KernelMeasurement.Measured, ScalarType.BFloat16);
            Check(model, TransformerKernels.Plain, ScalarType.BFloat16);
        }
    }

    [SkippableFact]
    public void A_batch_gives_what_its_images_give_alone()
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        foreach (string model in Names())
        {
            string root = Path.Combine(Goldens.Family("dinov2"), model);
            using var backbone = DinoBackbone.Load(Path.Combine(root, "hf"));
            foreach (var (run, images) in Goldens.Tensors(root, "inputs.safetensors"))
            {
                var together = Run(backbone.Vision, torch.cat([images, images.flip(3)]));
                for (long i = 0; i < images.shape[0]; i++)
                {
                    Goldens.Close($"{model} {run} image {i}", Run(backbone.Vision, images.narrow(0, i, 1)), together.narrow(0, i, 1), 5e-5);
                    Goldens.Close($"{model} {run} mirrored image {i}",
                        Run(backbone.Vision, images.narrow(0, i, 1).flip(3)), together.narrow(0, images.shape[0] + i, 1), 5e-5);
                }
            }
        }
    }

    private static void Check(string model, TransformerKernels kernels, ScalarType precision)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        string root = Path.Combine(Goldens.Family("dinov2"), model);
        using var file = WeightFile.Open(Path.Combine(root, "hf", "model.safetensors"));
        var names = DinoTensorNames.Map(file);
        var config = DinoFiles.Resolve(file, names, DinoFiles.ReadConfigNextTo(file.Path), new());
        using var parameters = DinoWeightLoader.Load(file, names, config, torch.CPU, precision, default);
        using var tower = new DinoVisionTower(
            config, parameters, config.Registers > 0 ? PositionInterpolation.BicubicAntialias : PositionInterpolation.BicubicOffset, kernels);
        var expected = Goldens.Tensors(root, "expected.safetensors");
        foreach (var (name, images) in Goldens.Tensors(root, "inputs.safetensors"))
        {
            string run = name["images.".Length..];
            var wanted = expected[$"x_norm_patchtokens.{run}"];
            var found = Run(tower, images).narrow(1, tower.PrefixTokens, wanted.shape[1]).to_type(ScalarType.Float32);
            double largest = wanted.abs().max().item<float>();
            // manifest.json, "tolerance"; in bfloat16 eight bits of fraction through every block.
            Goldens.Close($"{model} {run} {precision}", wanted, found, precision == ScalarType.Float32 ? Math.Max(5e-5, 1e-5 * largest) : 0.06 * largest);
        }
    }

    private static Tensor Run(IVisionTower tower, Tensor images) =>
        tower.NormalizeLast(tower.RunBlocks(tower.Embed(images), 0, tower.Layers, ForwardContext.Default));

    private static IEnumerable<string> Names()
    {
        Goldens.Family("dinov2");
        return Goldens.Manifest("dinov2").GetProperty("models").EnumerateObject().Select(m => m.Name);
    }
}
